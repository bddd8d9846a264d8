"""Run Python code in processes forked from one that has imported PyTorch, which takes longer than most test runs.

Only libraries below the hosts are imported beforehand, so that the code still imports the hosts and mmgb itself, in its
own order and from its own ``PYTHONPATH``.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

IMPORTED = (
    'torch._dynamo',
    'torch.distributed.fsdp',
    'torchvision',
    'cv2',
    'matplotlib.pyplot',
    'PIL.Image',
    'unformatted_configs',
)
NUMBER = '%10d'  # a process id or exit code, as the server sends it
_one_request = threading.Lock()


class ForkedProcess:
    """A process that runs ``SCRIPT ARGUMENT …`` or ``-c CODE ARGUMENT …``, with the methods of ``subprocess.Popen``.

    Args:
        command: what would follow ``python`` in a command line.
        folder: working directory.
        environment: all environment variables, ``PYTHONPATH`` among them.
        stdin: open file that the process reads.
        output: open file to which the process writes both of its output streams.

    Attributes:
        pid (int): process id.
        returncode (int | None): exit code, negative if a signal ended the process; None while it runs.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: IO, output: IO
    ) -> None:
        self._replies, theirs = socket.socketpair()
        request, sent = os.pipe()
        with _one_request, theirs, open(sent, 'w') as file:
            socket.send_fds(_server(), [b'r'], [request, stdin.fileno(), output.fileno(), theirs.fileno()])
            json.dump(dict(command=command, folder=str(folder), environment=dict(environment)), file)
        os.close(request)
        self.pid, self.returncode = self._receive(), None

    def wait(self, timeout: float) -> int:
        """Return the exit code; raise TimeoutError if the process runs for ``timeout`` seconds more."""
        if self.returncode is None:
            self._replies.settimeout(timeout)
            self.returncode = self._receive()
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        try:
            return self.wait(timeout=0)
        except BlockingIOError:
            return None

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _receive(self) -> int:
        return int(self._replies.recv(len(NUMBER % 0)))


@functools.cache
def _server() -> socket.socket:
    """Start the server, which ends when this process does and closes the connection."""
    ours, theirs = socket.socketpair()
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    with theirs:
        subprocess.Popen(
            [sys.executable, '-W', 'ignore', __file__, str(theirs.fileno())],
            env=environment | {'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': '-1'},
            pass_fds=[theirs.fileno()],
        )
    return ours


def _serve(connection: socket.socket) -> None:
    """Fork at each request; the function returns in the forked processes only."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # a collection in a forked process would copy all pages
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes that wait for the code
    while True:
        message, files, *_ = socket.recv_fds(connection, 1, 4)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            connection.close()
            _prepare(*files)
            return
        for file in files:
            os.close(file)


def _prepare(request: int, stdin: int, output: int, reply: int) -> None:
    """Fork once more, report that process's id and exit code, and give it the request's files and variables."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = os.fork()
    if process:
        os.write(reply, (NUMBER % process).encode())
        _, status = os.waitpid(process, 0)
        os.write(reply, (NUMBER % os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    os.close(reply)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in commands that a shell runs in the background
    with open(request) as file:
        requested = json.load(file)
    for source, target in ((stdin, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(stdin)
    os.close(output)
    os.chdir(requested['folder'])
    os.environ.clear()
    os.environ.update(requested['environment'])
    sys.argv = requested['command']
    folder = '' if sys.argv[0] == '-c' else os.path.dirname(sys.argv[0])
    sys.path[:1] = [folder, *os.environ['PYTHONPATH'].split(os.pathsep)]
    sys.modules['numpy'].random.seed()  # or all processes would draw the same numbers


def _run() -> None:
    """Run what ``sys.argv`` names as the main module."""
    main = types.ModuleType('__main__')
    sys.modules['__main__'] = sys.modules['__mp_main__'] = main  # multiprocessing's name of it in spawned processes
    if sys.argv[0] == '-c':
        code = sys.argv.pop(1)
    else:
        main.__file__ = sys.argv[0]
        code = compile(Path(main.__file__).read_bytes(), main.__file__, 'exec')
    exec(code, vars(main))


if __name__ == '__main__':
    _serve(socket.socket(fileno=int(sys.argv[1])))
    _run()
