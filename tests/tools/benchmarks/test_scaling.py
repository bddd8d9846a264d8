"""The scaling benchmark on one process and a small network."""

import pytest
from helpers.tiny_runs import TOOLS


@pytest.fixture
def scaling(monkeypatch):
    from mmgb import compat

    monkeypatch.setattr(compat, 'apply', lambda: None)  # it would stay applied in the tests that follow
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import scaling

    return scaling


@pytest.mark.slow
def test_two_processes_are_timed_with_and_without_communication(scaling, monkeypatch):
    name = 'ResNet-50, relay'
    config, _, *rest = scaling.NETWORKS[name]
    monkeypatch.setattr(scaling, 'NETWORKS', {name: (config, 2, *rest)})
    monkeypatch.setattr(scaling, 'PROCESSES', (2,))
    (found,) = scaling.measure(name, steps=1)
    assert found['processes'] == 2 and found['samples_per_s'] == 4 / found['step_s']
    assert 0 <= found['communication'] < 1


@pytest.mark.slow
@pytest.mark.parametrize('name', ['PixelNet', 'model A, relay'])
def test_an_image_goes_through_the_pipeline_of_the_full_config(scaling, name):
    _, cfg = scaling.build(scaling.NETWORKS[name][0])
    full = scaling.Config.fromfile(scaling.CONFIGS / scaling.NETWORKS[name][3])
    assert full.default_scope == cfg.default_scope
    assert 0 < scaling.loading_seconds(full, repetitions=1) < 10
