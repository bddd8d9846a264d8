"""The comparison by which tools/faults finds that a resumed training differs."""

import json

import pytest
import torch
from helpers.tiny_runs import TOOLS


@pytest.fixture
def records(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS / 'faults'))
    import records

    return records


def test_a_step_differs_if_its_loss_a_sample_or_its_number_does(records):
    reference = [[0, 0, '0x1p+0', ['a', 'b']], [1, 1, '0x1p-1', ['c', 'd']]]
    assert records.differing_steps(reference, [reference[1], *reference]) == []
    changed = [[0, 0, '0x1.0000000000001p+0', ['a', 'b']], [1, 0, '0x1p-1', ['c', 'd']], [1, 1, '0x1p-1', ['d', 'c']]]
    assert records.differing_steps(reference, changed) == [0, 1, 1]
    assert records.differing_steps(reference, [[2, 2, '0x1p+0', []]]) == [2]


def test_states_are_compared_by_bits(records):
    state = dict(weights=[torch.tensor([0.0, float('nan')])], rate=0.1)
    assert records.same_bits(state, dict(weights=[torch.tensor([0.0, float('nan')])], rate=0.1))
    for weights in ([torch.tensor([-0.0, float('nan')])], [], [0.0]):
        assert not records.same_bits(state, dict(weights=weights, rate=0.1))
    assert not records.same_bits(state, dict(state, momentum=0))


def test_logged_losses_of_all_runs_of_a_work_dir_are_collected(records, tmp_path):
    for name, losses in (('1', {1: 0.5, 2: 0.25}), ('2', {2: 0.125})):
        log = tmp_path / 'run' / name / 'vis_data/scalars.json'
        log.parent.mkdir(parents=True)
        lines = [json.dumps(dict(step=step, loss=loss)) for step, loss in losses.items()]
        log.write_text('\n'.join([*lines, json.dumps(dict(step=2, accuracy=1))]))
    assert records.logged_losses(tmp_path) == {1: {0.5}, 2: {0.25, 0.125}}
