"""Exit codes of the tools.

0 for success, 2 and one sentence for invalid input, 130 or 143 and one sentence after SIGINT or SIGTERM, 1 and one
sentence for a full disk or a training that diverges, 1 and a traceback for a bug.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pickle import UnpicklingError

from mmgb.functional.errors import ConfigError, DivergenceError
from mmgb.utils.errors import Stopped, find_disk_full, one_line, refused_content
from mmgb.utils.process_exit import exit_if_distributed, in_process_group
from mmgb.utils.process_interrupt import Interrupted, is_first_rank, received_interrupt


def run_tool(main: Callable[[], object]) -> None:
    """Call ``main()`` and turn its exceptions into the tool's exit code and message.

    A :class:`~mmgb.functional.errors.ConfigError` from anywhere below ``main``, also from a hook or a network during
    training, is printed to standard error as ``TOOL: error: SENTENCE``, and a :class:`~mmgb.utils.errors.Stopped` as
    ``TOOL: stopped: SENTENCE``. A :class:`~mmgb.functional.errors.DivergenceError` is printed as
    ``FloatingPointError: SENTENCE``, which ``tools/run_trials.py`` records. Other exceptions keep their traceback.

    Args:
        main (Callable): function without arguments that does the tool's work.

    Raises:
        SystemExit: if ``main`` raises one of the exceptions above and this process is in no process group. Inside a
            process group the process exits without unwinding, see :func:`exit_if_distributed`.
    """
    try:
        try:
            main()
        except Exception as error:
            _end(error)
    except KeyboardInterrupt as error:  # also while another error is handled
        _end(error)
    exit_if_distributed()


def _end(error: BaseException) -> None:
    """Print ``error``, or the interruption before it, and exit."""
    if isinstance(error, KeyboardInterrupt) or (received_interrupt() and not isinstance(error, Stopped)):
        interrupt = received_interrupt() or Interrupted(signal.SIGINT)
        error = Stopped(str(interrupt), interrupt.code)
    if isinstance(error, UnpicklingError):  # from pretrained weights of an `init_cfg`
        error = ConfigError(f'a checkpoint is refused: {refused_content(error)}')
    full = find_disk_full(error)
    if full and not isinstance(error, Stopped):
        error = Stopped(one_line(full))
    if isinstance(error, ConfigError):
        _end_with_sentence(f'{_tool()}: error: {error}', 2)
    if isinstance(error, DivergenceError):
        _end_with_sentence(f'FloatingPointError: {error}', 1)
    if isinstance(error, Stopped):
        interrupted = error.code > 128  # every rank is, and one of them says so
        _end_with_sentence(f'{_tool()}: stopped: {error}' if is_first_rank() or not interrupted else '', error.code)
    if not in_process_group():
        raise error
    traceback.print_exception(type(error), error, error.__traceback__)
    exit_if_distributed(1)


def _end_with_sentence(sentence: str, code: int) -> None:
    if sentence:
        print(sentence, file=sys.stderr)
    exit_if_distributed(code)
    sys.exit(code)


def _tool() -> str:
    folder, file = os.path.split(sys.argv[0])
    return os.path.basename(folder) if file == '__main__.py' else file  # python -m PACKAGE runs a file of this name
