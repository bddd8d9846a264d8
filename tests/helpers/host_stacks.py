"""The two distributions of the OpenMMLab hosts, for tests that start their own processes."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

STACKS = ('onedl', 'openmmlab')


def installed_stacks() -> dict[str, list[str]]:
    """Return the first entries of PYTHONPATH that select each installed stack that this session can start.

    ``'onedl'`` is the environment's own; ``'openmmlab'``, the original distributions, is in ``$MMGB_ORIGINALS``. A
    session on the original distributions starts only these.
    """
    originals = os.environ.get('MMGB_ORIGINALS')
    default = {} if session_path() else {'onedl': []}
    return default | ({'openmmlab': [originals]} if originals else {})


def session_path() -> list[str]:
    """Return the first entries of PYTHONPATH that select the stack of this test session, see ``run_tests.sh``."""
    found = importlib.util.find_spec('mmengine')
    originals = os.environ.get('MMGB_ORIGINALS')
    selected = found and originals and Path(originals).resolve() in Path(found.origin).resolve().parents
    return [originals] if selected else []


def stack_path(stack: str) -> list[str]:
    """Return the first entries of PYTHONPATH that select a stack; skip the test if this session can't start it."""
    if stack not in installed_stacks():
        pytest.skip(
            'this session is on the ORIGINAL OpenMMLab stack; the one on the default stack tests the other'
            if session_path()
            else 'the ORIGINAL OpenMMLab stack is NOT tested: set MMGB_ORIGINALS (see tools/run_tests.sh)'
        )
    return installed_stacks()[stack]
