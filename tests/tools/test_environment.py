"""environment.sh installs nothing into an environment that its caller made, unless that is asked for."""

import os
import subprocess
import sys

import pytest
from helpers.tiny_runs import TOOLS

pytestmark = pytest.mark.slow  # creates a virtual environment


@pytest.fixture(scope='module')
def empty_environment(tmp_path_factory):
    folder = tmp_path_factory.mktemp('environment') / 'empty'
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', str(folder)], check=True)
    return folder


def source(environment, wanted, **variables):
    """Source environment.sh in an active environment; return the exit code and what it printed."""
    search = f'{environment}/bin{os.pathsep}{os.environ["PATH"]}'
    kept = {
        key: value for key, value in os.environ.items() if key not in ('PYTHONPATH', 'CONDA_PREFIX', 'MMGB_INSTALL')
    }
    done = subprocess.run(
        ['bash', '-c', f'WANTED={wanted}; . {TOOLS}/environment.sh; echo ready'],
        env={**kept, 'PATH': search, 'VIRTUAL_ENV': str(environment), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def test_what_the_active_environment_lacks_is_said_in_one_sentence(empty_environment):
    before = sorted(empty_environment.rglob('*'))
    code, said = source(empty_environment, 'quickstart')
    assert code == 1 and said.count('\n') == 1 and 'ready' not in said
    assert said.startswith(f'The active environment {empty_environment} lacks mmgb from this folder, onedl-mmcv, ')
    assert 'MMGB_INSTALL=1' in said and 'scikit-learn' in said and 'hypothesis' not in said
    assert sorted(empty_environment.rglob('*')) == before
    assert 'hypothesis' in source(empty_environment, 'test')[1]


def test_it_is_installed_if_asked_for(empty_environment):
    code, said = source(empty_environment, 'test', MMGB_INSTALL='1')
    assert code == 1 and said.startswith('Installing mmgb from this folder') and 'No module named pip' in said
