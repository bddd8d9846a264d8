"""Run a data set converter inside the test process, which saves the imports of a new process."""

import contextlib
import io
import runpy
import sys
from typing import NamedTuple
from unittest import mock

from helpers.tiny_runs import TOOLS


class Result(NamedTuple):
    """Outcome of a converter, as of a process of its own."""

    returncode: int
    stdout: str
    stderr: str


def convert(tool, *arguments):
    """Run ``tools/dataset_converters/TOOL.py`` with ``arguments`` and return its Result."""
    path = str(TOOLS / 'dataset_converters' / f'{tool}.py')
    stdout, stderr, code = io.StringIO(), io.StringIO(), 0
    shown = contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr)
    with mock.patch.object(sys, 'argv', [path, *map(str, arguments)]), shown[0], shown[1]:
        try:
            runpy.run_path(path, run_name='__main__')
        except SystemExit as end:
            code = end.code or 0
    return Result(code, stdout.getvalue(), stderr.getvalue())


def assert_refused(result, tool, *parts):
    """Check that a converter ended with exit code 2 and one sentence that contains ``parts``."""
    last = result.stderr.splitlines()[-1]
    assert result.returncode == 2 and last.startswith(f'{tool}.py: error: '), result
    assert result.stderr.count('error: ') == 1 and 'Traceback' not in result.stderr, result
    for part in parts:
        assert part in last
