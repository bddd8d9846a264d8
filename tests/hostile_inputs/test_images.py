"""A short run; tools/fuzz_inputs.py tries more."""

import pytest

from mmgb.hostile_inputs.campaign import run_campaign
from mmgb.hostile_inputs.images import damaged_images


@pytest.mark.parametrize('kind', [damaged_images])
def test_no_hostile_input_is_accepted_or_ends_in_a_traceback(kind, tmp_path):
    found = run_campaign(kind, tmp_path, seed=0, count=100)
    assert (found['wrong'], found['traceback'], found['failures']) == (0, 0, [])
    assert found['refused'] > 100 / 3
