"""Exit code and last message of an ended trial, from its log."""

from __future__ import annotations

import re
from pathlib import Path

from .schedule import LOG

# The last line of a Python error, or a tool's sentence about invalid input.
ERROR = re.compile(r'[\w.]+(Error|Exception): |\S+\.py: error: ')
# The line of mmgb.apis.rank_launcher on the process whose failure made it stop the others.
ROOT_CAUSE = re.compile(r'^rank_launcher: rank (\d+) ended first, with exit code (-?\d+)$', re.MULTILINE)


def read_outcome(folder: Path, code: int) -> tuple[int, str]:
    """Return the exit code and the last message of a trial, both of the first failed process if it had several.

    Args:
        folder (Path): the trial's folder.
        code (int): exit code of the command, which is the launcher's if the trial had several processes.

    Returns:
        tuple[int, str]: exit code, negative if a signal ended the process, and message.
    """
    text = (folder / LOG).read_text(errors='replace', encoding='utf-8')
    lines = text.splitlines()
    cause = ROOT_CAUSE.search(text)
    if code and cause:
        code = int(cause.group(2))
        prefix = f'[default{cause.group(1)}]:'
        lines = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
        # The launcher copies a process's output and errors separately, so its error need not be its last line.
        lines += [line for line in lines if ERROR.match(line)][-1:]
    if code > 128:  # the tools turn SIGINT and SIGTERM into exit codes as shells do
        code = 128 - code
    return code, next((line.strip() for line in reversed(lines) if line.strip()), 'no message')
