"""The two distributions of the OpenMMLab hosts, for tests that start their own processes."""

from __future__ import annotations

import os

import pytest

STACKS = ('onedl', 'openmmlab')


def stack_path(stack: str) -> list[str]:
    """Return the first entries of PYTHONPATH that select a stack; skip the test if the stack is not installed.

    Args:
        stack: 'onedl', the installed default, or 'openmmlab', the original distributions in ``$MMGB_ORIGINALS``.
    """
    if stack == 'onedl':
        return []
    if 'MMGB_ORIGINALS' not in os.environ:
        pytest.skip('the ORIGINAL OpenMMLab stack is NOT tested: set MMGB_ORIGINALS (see tools/run_tests.sh)')
    return [os.environ['MMGB_ORIGINALS']]
