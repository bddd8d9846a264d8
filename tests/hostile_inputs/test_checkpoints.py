"""A short run; tools/fuzz_inputs.py tries more."""

import pytest
import torch

from mmgb.hostile_inputs import checkpoints
from mmgb.hostile_inputs.campaign import run_campaign
from mmgb.hostile_inputs.checkpoints import damaged_checkpoints, malicious_checkpoints


@pytest.mark.parametrize('kind', [damaged_checkpoints, malicious_checkpoints])
def test_no_hostile_input_is_accepted_or_ends_in_a_traceback(kind, tmp_path):
    found = run_campaign(kind, tmp_path, seed=0, count=200)
    assert (found['wrong'], found['traceback'], found['failures']) == (0, 0, [])
    assert found['refused'] > 200 / 3


def test_a_reader_that_trusts_pickles_is_caught(tmp_path, monkeypatch):
    monkeypatch.setattr(
        checkpoints, 'read_checkpoint', lambda path, field: torch.load(path, map_location='cpu', weights_only=False)
    )
    monkeypatch.setattr(checkpoints, 'FUNCTIONS', ('mmgb.hostile_inputs.checkpoints.leave_trace',))
    found = run_campaign(malicious_checkpoints, tmp_path, seed=0, count=20)
    assert found['traceback'] == 20
    assert 'a checkpoint has called a function' in found['failures'][0]['text']


def test_a_reader_that_ignores_checksums_is_caught(tmp_path, monkeypatch):
    monkeypatch.setattr(
        checkpoints, 'read_checkpoint', lambda path, field: torch.load(path, map_location='cpu', weights_only=True)
    )
    found = run_campaign(damaged_checkpoints, tmp_path, seed=0, count=200)
    assert found['wrong'] > 0 and found['traceback'] > 0
