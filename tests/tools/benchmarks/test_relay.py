"""The benchmark of a training step measures every method, and memory, on a small network."""

import pytest
import torch
from helpers.tiny_runs import TOOLS
from mmengine.registry import DefaultScope


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import relay

    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield relay


def small_case(benchmark):
    head = dict(type='LinearClsHead', num_classes=3, in_channels=512)
    auxiliary = dict(
        source='backbone.layer3.1', head=dict(type='mmgb.AuxiliaryClsHead', num_classes=3, in_channels=256)
    )
    model = dict(
        type='ImageClassifier',
        backbone=dict(type='ResNet', depth=18),
        neck=dict(type='GlobalAveragePooling'),
        head=head,
    )
    config = dict(type='mmgb.RelayBP', model=model, auxiliaries=[auxiliary], primary_lowest='backbone.layer3.0')
    return benchmark.Case(config, ['backbone.layer3.0', 'backbone.layer3.1'])


@pytest.mark.slow
def test_every_method_is_measured(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, 'SIZE', 64)
    monkeypatch.setattr(benchmark, 'BATCH', 2)
    timings, memory, bound = benchmark.measure(small_case(benchmark), 'cpu', 0.1)
    assert set(timings) == set(memory) == {'standard', 'multi-loss', 'relay'}
    assert bound.median_ms > 0 and min(memory.values()) > 0


def test_the_methods_have_equal_weights_and_only_relay_limits_the_gradients(benchmark):
    models = benchmark.contenders(small_case(benchmark))
    weights = models['relay'].state_dict()
    for model in models.values():
        assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert models['relay'].propagation == 'relay' and models['multi-loss'].propagation == 'standard'
    assert not hasattr(models['standard'], 'propagation')
