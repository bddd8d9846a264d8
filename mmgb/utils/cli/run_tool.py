"""Exit codes of the tools: 0 for success, 2 and one sentence for invalid input, 1 and a traceback for a bug."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pickle import UnpicklingError

from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import unsafe_content
from mmgb.utils.process_exit import exit_if_distributed, in_process_group


def run_tool(main: Callable[[], object]) -> None:
    """Call ``main()`` and turn its exceptions into the tool's exit code and message.

    A :class:`~mmgb.functional.errors.ConfigError` from anywhere below ``main``, also from a hook or a network during
    training, is printed to standard error as ``TOOL: error: SENTENCE``. Other exceptions keep their traceback.

    Args:
        main (Callable): function without arguments that does the tool's work.

    Raises:
        SystemExit: with code 2, if ``main`` raises a ConfigError and this process is in no process group. Inside a
            process group the process exits without unwinding, see :func:`exit_if_distributed`.
    """
    try:
        main()
    except Exception as error:
        if isinstance(error, UnpicklingError):  # from pretrained weights of an `init_cfg`
            error = ConfigError(f'a checkpoint is refused: {unsafe_content(error)}')
        if isinstance(error, ConfigError):
            print(f'{os.path.basename(sys.argv[0])}: error: {error}', file=sys.stderr)
            exit_if_distributed(2)
            sys.exit(2)
        if not in_process_group():
            raise
        traceback.print_exc()
        exit_if_distributed(1)
    exit_if_distributed()
