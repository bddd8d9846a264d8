"""Settings of the whole suite."""

import os
from unittest import mock

import helpers.unformatted_configs  # noqa: F401
import pytest
from helpers.host_stacks import session_path
from helpers.left_out import (  # noqa: F401
    pytest_deselected,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

from mmgb import compat

# Workers of pytest-xdist already use all cores. torch reads these variables when it is first imported.
if 'PYTEST_XDIST_WORKER' in os.environ:
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
if session_path():
    compat.apply()  # the original hosts can't be imported without

from mmengine.registry import DefaultScope  # noqa: E402


@pytest.fixture(autouse=True)
def environment_variables_end_with_the_test():
    """Restore the environment variables, which ``mmgb.compat.apply`` and the hosts set for a whole process."""
    with mock.patch.dict(os.environ):
        yield


@pytest.fixture(autouse=True)
def default_scope_ends_with_the_test():
    """Begin without a default scope, which a Runner or an inferencer sets for the whole process."""
    with mock.patch.dict(DefaultScope._instance_dict, clear=True):
        yield
