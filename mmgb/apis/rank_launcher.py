"""torchrun for the tools: ``python -m mmgb.apis.rank_launcher [options of torchrun] tools/train.py …``.

Three things differ from ``python -m torch.distributed.run``. The ranks end when the launcher ends, even by SIGKILL. The
exit code is that of the rank that failed first, or 130 and 143 after SIGINT and SIGTERM. One line names this rank
instead of a traceback, because the rank itself has printed what happened.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mmgb.utils.process_interrupt import end_when_interrupted
from mmgb.utils.process_parent import end_with_parent, environment_of_children

if TYPE_CHECKING:  # importing torch takes seconds, in which a signal would end without a sentence
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

FAILURE = '{name}: rank {rank} ended first, with exit code {code}'
ENDED_BY_AGENT = (-signal.SIGTERM, 128 + signal.SIGTERM)  # exit codes


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
        rank, code = first_failure(error.failures)
        print(FAILURE.format(name='rank_launcher', rank=rank, code=code), file=sys.stderr)
        return code if code > 0 else 128 - code
    return 0


def first_failure(failures: Mapping[int, ProcessFailure]) -> tuple[int, int]:
    """Return the rank that failed first and its exit code, negative if a signal ended it.

    The others fail as well: with exit code 1 because they lose a peer, or by the SIGTERM that torch's agent sends them.
    The agent may find all of them ended at once, so the exit codes tell who was first.

    Args:
        failures (Mapping[int, ProcessFailure]): failure of each rank that the agent found ended.
    """

    def order(rank: int) -> tuple[int, int]:
        code = failures[rank].exitcode
        return (2 if code in ENDED_BY_AGENT else 1 if code == 1 else 0), failures[rank].timestamp

    rank = min(failures, key=order)
    return rank, failures[rank].exitcode


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
