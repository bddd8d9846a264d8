"""The last lines of a test run say what was left out and why."""

import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
import pytest
def test_fast(): pass
@pytest.mark.slow
def test_slow(): pass
@pytest.mark.slow
def test_slower(): pass
def test_elsewhere(): pytest.skip('needs a GPU')
"""


@pytest.mark.parametrize('workers', ['0', '2'])
def test_deselected_and_skipped_tests_are_counted_at_the_end(tmp_path, workers):
    (tmp_path / 'conftest.py').write_text((Path(__file__).parent / 'helpers/left_out.py').read_text())
    (tmp_path / 'test_it.py').write_text(MODULE)
    (tmp_path / 'pytest.ini').write_text('[pytest]\nmarkers = slow\naddopts = -q -ra\n')
    command = [sys.executable, '-m', 'pytest', '-p', 'no:cacheprovider', '-n', workers, '-m', 'not slow']
    output = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    left_out, title, skipped, counts = output[-4:]
    assert left_out == f"LEFT OUT [2] by the arguments -p no:cacheprovider -n {workers} -m 'not slow'"
    assert 'short test summary' in title and skipped.startswith('SKIPPED [1] test_it.py:8: needs a GPU')
    assert counts.startswith('1 passed, 1 skipped')
