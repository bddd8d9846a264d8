"""Timings are taken in turns, and memory is the peak of what a step allocates."""

import json
import statistics

import pytest
import torch
from helpers.tiny_runs import TOOLS


@pytest.fixture
def measuring(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import measuring

    return measuring


def test_steps_take_turns_in_a_new_order_each_round(measuring):
    calls, after = [], []
    steps = {name: lambda name=name: calls.append(name) for name in 'abc'}
    timings = measuring.take_turns(steps, 0.0, 20, lambda: after.append(1), 'cpu')
    rounds = [tuple(calls[i : i + 3]) for i in range(0, 60, 3)]
    assert all(sorted(turns) == ['a', 'b', 'c'] for turns in rounds) and len(set(rounds)) > 1
    assert len(after) == 60 and {timing.rounds for timing in timings.values()} == {20}


def test_the_median_and_the_quartiles_are_in_milliseconds(measuring):
    durations, now = [0.001, 0.002, 0.03, 0.004, 0.005], [0.0]
    left = iter(durations)

    def step():
        now[0] += next(left)

    timing = measuring.take_turns({'step': step}, 0.0, 5, lambda: None, 'cpu', clock=lambda: now[0])['step']
    low, median, high = statistics.quantiles([1000 * duration for duration in durations])
    assert timing.median_ms == pytest.approx(median) == pytest.approx(4)
    assert timing.quartiles_ms == pytest.approx((low, high))


def test_memory_is_the_peak_of_what_a_step_allocates(measuring):
    def step():
        one = torch.empty(1_000_000)  # 4 MB
        del one
        two, three = torch.empty(1_000_000), torch.empty(500_000)  # 6 MB at once
        return two, three

    assert measuring.extra_memory(step, 'cpu') == pytest.approx(6_000_000, rel=0.01)


def test_results_are_written_with_settings_and_environment(measuring, tmp_path):
    out = tmp_path / 'folder/results.json'
    measuring.write_results(out, [dict(a=1)], rounds=3)
    written = json.loads(out.read_text())
    assert written['results'] == [dict(a=1)] and written['rounds'] == 3
    assert set(written) == {'environment', 'rounds', 'results'}
