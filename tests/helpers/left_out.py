"""Hooks of pytest that end a run with the number of tests that its arguments left out, also with pytest-xdist."""

import shlex

import pytest

COUNT = pytest.StashKey[int]()


def pytest_deselected(items):
    config = items[0].config
    config.stash[COUNT] = config.stash.get(COUNT, 0) + len(items)


def pytest_sessionfinish(session):
    if hasattr(session.config, 'workeroutput'):  # in a worker, which prints nothing
        session.config.workeroutput['left_out'] = session.config.stash.get(COUNT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """Take the count of a worker; each collects, and deselects, the same tests."""
    found = getattr(node, 'workeroutput', {}).get('left_out', 0)  # a worker that crashed has no output
    node.config.stash[COUNT] = max(found, node.config.stash.get(COUNT, 0))


def pytest_terminal_summary(terminalreporter, config):
    count = config.stash.get(COUNT, 0)
    if count:
        terminalreporter.write_line(f'LEFT OUT [{count}] by the arguments {shlex.join(config.invocation_params.args)}')
