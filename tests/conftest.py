"""Settings of the whole suite."""

import os
import random
import signal
import sys
from unittest import mock

import helpers.unformatted_configs  # noqa: F401
import hypothesis
import numpy as np
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

import torch  # noqa: E402
from mmengine.registry import DefaultScope  # noqa: E402

# A property holds for every example, so the same ones each time lose little: a change then can't fail by an example of
# another one. A pause of the machine is no fault, either.
hypothesis.settings.register_profile('suite', deadline=None, derandomize=True)
hypothesis.settings.load_profile('suite')


@pytest.fixture(autouse=True)
def random_numbers_are_those_of_the_test():
    """Start the global generators anew, so that no test depends on the draws of those before."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def handlers_end_with_the_test():
    """Restore the handlers of signals and uncaught errors, which the tools set for a whole process."""
    handlers, hook = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)], sys.excepthook
    yield
    sys.excepthook = hook
    for number, handler in handlers:
        signal.signal(number, handler)


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
