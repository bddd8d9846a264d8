"""torchrun for the tools: ``python -m mmgb.apis.rank_launcher [options of torchrun] tools/train.py …``.

Three things differ from ``python -m torch.distributed.run``. The ranks end when the launcher ends, even by SIGKILL. The
exit code is that of the rank that failed first, or 130 and 143 after SIGINT and SIGTERM. One line names this rank
instead of a traceback, because the rank itself has printed what happened.
"""

from __future__ import annotations

import logging
import os
import sys

from mmgb.utils.process_interrupt import end_when_interrupted
from mmgb.utils.process_parent import end_with_parent, environment_of_children

FAILURE = '{name}: rank {rank} ended first, with exit code {code}'


def main(arguments: list[str]) -> int:
    """Start ranks and wait for them.

    Args:
        arguments (list[str]): command line of torchrun: its options, the tool, and the tool's arguments.

    Returns:
        int: exit code.
    """
    end_when_interrupted()  # until torch's agent, which passes signals on to the ranks, has its own handlers
    end_with_parent(is_rank=False)
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    os.environ.update(environment_of_children())
    logging.disable(logging.ERROR)  # torch's lines about its agent
    try:
        run.run(run.parse_args(arguments))
    except SignalException as error:
        return 128 + error.sigval
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        print(FAILURE.format(name='rank_launcher', rank=rank, code=failure.exitcode), file=sys.stderr)
        return failure.exitcode if failure.exitcode > 0 else 128 - failure.exitcode
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
