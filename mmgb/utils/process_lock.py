"""Locks that a process holds until it ends, however it ends.

A lock is a POSIX record lock on a file that names its owner. The kernel releases it when the owner dies, so a file that
remains without a lock is stale. Neither a process that got the owner's id later nor a copy of the folder holds it, and
it works between the hosts of a shared file system. Child processes do not inherit it.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import time
import warnings
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from mmgb.functional.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows has no record locks
    fcntl = None  # type: ignore[assignment]

NAME = 'mmgb.lock'  # file name of a folder's lock


class ProcessLock:
    """Context manager that holds the lock of a folder or file.

    Args:
        path (str | Path): lock file. Its parent folders are created; the file is removed on release.
        used (str): what the lock protects and the setting that names it, for the error message, such as
            ``"work_dir='x'"``.
        remedy (str): what the user can do instead, for the error message.

    Attributes:
        stale_owner (str | None): the process that ended without releasing the lock, or None. Set on entry.

    Raises:
        ConfigError: on entry, if another process holds the lock.
    """

    def __init__(self, path: str | Path, used: str, remedy: str) -> None:
        self.path, self.used, self.remedy = Path(path), used, remedy
        self.stale_owner: str | None = None

    def __enter__(self) -> ProcessLock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            self._file = open(self.path, 'a+', encoding='utf-8', errors='replace')
            self._acquire()
            # The last owner may have removed the file after it was opened here.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._file.fileno()), os.stat(self.path)):
                    break
            self._file.close()
        self.stale_owner = self._read_owner()
        self._file.truncate(0)
        self._file.write(json.dumps(dict(host=socket.gethostname(), pid=os.getpid(), started=_now())))
        self._file.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.path.unlink(missing_ok=True)
        self._file.close()

    def _acquire(self) -> None:
        try:
            if fcntl is None:
                raise OSError(errno.ENOTSUP, 'no record locks on this system')
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                warnings.warn(f"'{self.path}' can't be locked ({error.strerror}): start no second run", stacklevel=3)
                return
            owner = self._read_owner() or 'another process'
            self._file.close()
            raise ConfigError(
                f'{self.used}: expected one that no other run uses, got one in use by {owner}; {self.remedy}'
            ) from error

    def _read_owner(self) -> str | None:
        """Return the owner that the file names, in words; None if it is empty."""
        self._file.seek(0)
        text = self._file.read(500)
        try:
            owner = json.loads(text)
            return f'process {owner["pid"]} on {owner["host"]}, started {owner["started"]}'
        except (ValueError, KeyError, TypeError):
            return 'an unknown process' if text else None


def _now() -> str:
    return time.strftime('%Y-%m-%d %H:%M:%S')
