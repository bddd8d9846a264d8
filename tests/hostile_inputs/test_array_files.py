"""A short run; tools/fuzz_inputs.py tries more."""

import pytest

from mmgb.hostile_inputs.array_files import damaged_arrays, damaged_caches
from mmgb.hostile_inputs.campaign import run_campaign


@pytest.mark.parametrize('kind', [damaged_arrays, damaged_caches])
def test_no_hostile_input_is_accepted_or_ends_in_a_traceback(kind, tmp_path):
    found = run_campaign(kind, tmp_path, seed=0, count=200)
    assert (found['wrong'], found['traceback'], found['failures']) == (0, 0, [])
    assert found['refused'] > 200 / 3
