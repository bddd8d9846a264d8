"""How our tools end: exit code 0, or 2 with one sentence for bad input, or 1 with a traceback."""

import atexit
import os
import re
import sys
import traceback
from pickle import UnpicklingError

from torch import distributed

from mmgb.functional.errors import ConfigError


def one_line(error: BaseException, limit: int = 400) -> str:
    """``error``'s type and message in one line of at most about ``limit`` characters."""
    message = ' '.join(str(error.args[0] if len(error.args) == 1 else error).split())
    shortened = message if len(message) <= limit else message[:limit] + '…'
    return f'{type(error).__name__}: {shortened}'


def unsafe_content(error: UnpicklingError) -> str:
    """Why torch's strict reading refused a file."""
    asked_for = re.search(r'GLOBAL (\S+)', str(error))
    return (
        'reading it could run code, because it holds more than weights and numbers ('
        + (asked_for.group(1) if asked_for else one_line(error))
        + ')'
    )


def run_tool(main) -> None:
    """Calls ``main()``; ends this process with the right exit code where it failed, or is in a process group.

    A ValueError that this package raises itself, from a hook or a network in the first step, is bad input, too: such a
    message names the setting or the image, and what is allowed.

    Raises:
        SystemExit: with code 2, when a single process met bad input.
    """
    try:
        main()
    except Exception as error:
        if isinstance(error, UnpicklingError):  # from pretrained weights of an `init_cfg`
            error = ConfigError(f'a checkpoint is refused: {unsafe_content(error)}')
        if isinstance(error, ConfigError):
            print(f'{os.path.basename(sys.argv[0])}: error: {error}', file=sys.stderr)
            _fail(2)
        if not _in_process_group():
            raise
        traceback.print_exc()
        _fail(1)
    end_in_process_group()


def end_in_process_group(code: int = 0) -> None:
    """Ends this process at once, if it is in a process group; otherwise does nothing.

    The interpreter's own end would come too early for gloo's threads: they let go of the last collective's tensors,
    need Python's lock for it, and abort the process (SIGABRT) if they don't get it any more.
    """
    if not _in_process_group():
        return
    if code == 0:  # otherwise an orderly way out can wait for ranks that wait for this one; the launcher stops those
        distributed.destroy_process_group()
        atexit._run_exitfuncs()  # ends data loaders' processes and writes what a log's writer still holds
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _in_process_group() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def _fail(code: int) -> None:
    end_in_process_group(code)
    sys.exit(code)
