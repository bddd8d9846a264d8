"""The benchmark of losses of enlarged scores measures every contender on small cases."""

import json

import numpy as np
import pytest
import torch
from helpers.tiny_runs import TOOLS
from mmengine.registry import DefaultScope
from PIL import Image


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import segmentation_loss

    monkeypatch.setattr(segmentation_loss, 'SIZE', 32)
    monkeypatch.setattr(torch, 'compile', lambda loss, dynamic: loss)
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield segmentation_loss


def names(benchmark):
    return list(benchmark.losses(torch.zeros(0), (1, 1), 2))


@pytest.mark.parametrize('with_labels', [False, True])
def test_every_loss_is_measured(benchmark, tmp_path, with_labels):
    labels = None
    if with_labels:
        Image.fromarray(np.full((20, 40), 3, np.uint8)).save(tmp_path / 'a.png')
        labels = benchmark.read_labels(tmp_path, 2)
        assert (labels == 3).sum() == 20 * 32 and (labels == benchmark.IGNORE).sum() == 2 * 32 * 32 - 20 * 32
    case = benchmark.loss_case(2, 5, 8, labels, names(benchmark), 'cpu', 0.01)
    assert len(case['contenders']) == 9
    assert min(cost['peak_bytes'] for cost in case['contenders'].values()) > 0


def test_chosen_contenders_are_measured_beside_the_other_cases_of_the_file(benchmark, monkeypatch, tmp_path):
    out = tmp_path / 'out.json'
    monkeypatch.setattr(benchmark, 'CASES', [(1, 3, 8), (1, 4, 8)])
    options = ['--networks', '--seconds', '0.01', '--out', str(out), '--append', '--contenders']
    for chosen in (['resize + exp-GB'], ['pow3-GB, full resolution']):
        monkeypatch.setattr('sys.argv', ['segmentation_loss.py', *options, *chosen])
        benchmark.main()
        monkeypatch.setattr(benchmark, 'CASES', [(1, 4, 8)])
    results = json.loads(out.read_text())['results']
    assert [list(case['contenders']) for case in results] == [
        [benchmark.STOCK, 'resize + exp-GB'],
        [benchmark.STOCK, 'pow3-GB, full resolution'],
    ]


def test_the_losses_of_the_contenders_agree(benchmark):
    labels, scores = torch.randint(5, (2, 32, 32)), torch.randn(2, 5, 8, 8)
    values = {name: loss(scores) for name, loss in benchmark.losses(labels, (32, 32), 5).items()}
    for first, second in (
        ('resize + cross-entropy', 'cross-entropy in strips'),
        ('resize + pow3-GB', 'pow3-GB, full resolution'),
        ('resize + exp-GB', 'exp-GB, full resolution'),
    ):
        torch.testing.assert_close(values[first], values[second], rtol=1e-4, atol=0)


@pytest.mark.slow
def test_every_training_step_is_measured(benchmark):
    case = benchmark.network_case('SegFormer-b0', 5, 2, 64, names(benchmark), 'cpu', 0.01)
    assert len(case['contenders']) == 5 and min(cost['median_ms'] for cost in case['contenders'].values()) > 0
