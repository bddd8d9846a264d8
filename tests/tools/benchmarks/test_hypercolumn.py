"""The benchmark of PixelNet's head measures both orders of computation, which give equal results."""

import json

import pytest
import torch
from helpers.tiny_runs import TOOLS, run, succeeded
from mmengine.registry import DefaultScope


def test_both_orders_give_the_same_scores(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import hypercolumn

    with DefaultScope.overwrite_default_scope('mmseg'):
        literal, factorised = (head.eval() for head in hypercolumn.heads(64).values())
    features = [
        torch.randn(1, channels // 64, -(-32 // stride), -(-32 // stride))
        for channels, stride in zip(hypercolumn.CHANNELS, hypercolumn.STRIDES)
    ]
    torch.testing.assert_close(factorised(features), literal(features), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_every_case_is_measured(tmp_path):
    options = '--divisor 64 --images 2 --size 32 --seconds 0.01 --out out.json'.split()
    succeeded(run(tmp_path, 'benchmarks/hypercolumn.py', *options))
    results = json.loads((tmp_path / 'out.json').read_text())['results']
    assert [set(case['contenders']) for case in results] == [{'literal', 'factorised'}] * 2
