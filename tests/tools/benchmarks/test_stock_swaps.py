"""The benchmark of stock configs knows them, changes their losses, and reports spikes."""

import pytest
from helpers.swapped_losses import host_configs, types_in
from helpers.tiny_runs import TOOLS


@pytest.fixture
def benchmark(monkeypatch):
    from mmgb import compat

    monkeypatch.setattr(compat, 'apply', lambda: None)  # it would stay applied in the tests that follow
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import stock_swaps

    return stock_swaps


def test_a_spike_is_a_loss_far_above_the_first_or_not_finite(benchmark):
    runs = {'mmseg/x/name.py': {'softmax': [2.0, 1.0], 'exp-gb': [2.0, 5.0, 1.0], 'pow3-gb': [2.0, float('nan')]}}
    rows = benchmark.summary(runs).splitlines()
    assert rows[-1] == '| name | 1.00, 0.50 | 2.50, 0.50 SPIKE | inf, inf SPIKE |'
    failed = {'mmpretrain/x/name.py': {'softmax': 'ImportError: no operator'}}
    assert benchmark.summary(failed).splitlines()[-1] == '| name | ImportError: no operator |  |  |'


@pytest.mark.slow
def test_each_config_exists_and_has_a_loss_to_replace(benchmark):
    assert len(benchmark.SEGMENTORS) == len(benchmark.CLASSIFIERS) == 12
    for name, side in benchmark.CONFIGS.items():
        host, file = name.split('/', 1)
        assert (host_configs(host) / file).is_file()
        cfg = benchmark.load(name, 'pow3-gb', side)
        assert 'mmgb.Pow3GBLoss' in types_in(cfg.model) and 'CrossEntropyLoss' not in types_in(cfg.model)


@pytest.mark.slow
def test_a_config_trains_without_a_spike(benchmark):
    losses = benchmark.train('mmpretrain/resnet/resnet18_8xb16_cifar10.py', 'pow3-gb', 32, steps=3)
    assert len(losses) == 3 and max(losses) < benchmark.SPIKE * losses[0]
