"""The benchmark's timer separates recorded iterations from the others."""

from types import SimpleNamespace

import pytest
from helpers.tiny_runs import TOOLS


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import gradient_stats

    return gradient_stats


def test_even_iterations_after_the_warm_up_are_the_recorded_ones(benchmark):
    timer = benchmark.IterationTimer(seconds=1.0)
    timer.starts = [0.0]
    for iteration in range(40):
        slow = iteration < benchmark.WARM_UP  # these would distort both medians
        timer.starts.append(timer.starts[-1] + (9.0 if slow else 0.003 if iteration % 2 == 0 else 0.001))
    recorded, others = timer.timings()
    assert recorded.median_ms == pytest.approx(3.0) and others.median_ms == pytest.approx(1.0)
    assert recorded.rounds == others.rounds == 15


@pytest.mark.parametrize('elapsed, stops', [(0.5, False), (1.5, True)])
def test_the_run_stops_after_the_first_epoch_beyond_its_seconds(benchmark, elapsed, stops):
    timer = benchmark.IterationTimer(seconds=1.0)
    timer.starts = [10.0, 10.0 + elapsed]
    runner = SimpleNamespace(train_loop=SimpleNamespace(stop_training=False))
    timer.after_train_epoch(runner)
    assert runner.train_loop.stop_training is stops
