"""The benchmark of stock configs knows them and changes their losses."""

import pytest
from helpers.swapped_losses import host_configs, types_in
from helpers.tiny_runs import TOOLS

from mmgb.analysis.benchmark_tables import SPIKE


@pytest.fixture
def benchmark(monkeypatch):
    from mmgb import compat

    monkeypatch.setattr(compat, 'apply', lambda: None)  # it would stay applied in the tests that follow
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import stock_swaps

    return stock_swaps


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
    name = 'mmpretrain/resnet/resnet18_8xb16_cifar10.py'
    losses = benchmark.train(name, 'pow3-gb', 32, steps=3, images=4)
    assert benchmark.optimizer_of(name, 32) == 'SGD, 0.1'
    assert benchmark.optimizer_of(name, 32, images=16) == 'SGD, 0.0125'  # of 8 x 16
    assert len(losses) == 3 and max(losses) < SPIKE * losses[0]
