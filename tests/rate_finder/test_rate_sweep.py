"""A sweep trains each step at its own learning rate, through the runner, and leaves the config as it was."""

import math

import pytest
import torch
from helpers.tiny_runs import make_workspace
from hypothesis import given
from hypothesis import strategies as st

from mmgb.apis.config import TRAIN_FIELDS, load_config
from mmgb.functional.errors import ConfigError
from mmgb.rate_finder import rate_sweep
from mmgb.rate_finder.find_rate import SweepOptions, find_rate
from mmgb.rate_finder.rate_sweep import RateSweep, sweep_rates

RATES = [0.01, 0.02, 0.04, 0.08]
pytestmark = pytest.mark.slow  # trains networks


@pytest.fixture
def cfg(tmp_path, monkeypatch):
    monkeypatch.chdir(make_workspace(tmp_path))
    return load_config('cls.py', {'optim_wrapper.paramwise_cfg.bias_lr_mult': 2.0}, TRAIN_FIELDS)


def test_every_step_has_its_rate_and_groups_keep_their_ratio(cfg, monkeypatch):
    seen = []

    class Watched(RateSweep):
        def step(self, wrapper, **kwargs):
            super().step(wrapper, **kwargs)
            seen.append(sorted({group['lr'] for group in wrapper.optimizer.param_groups}))

    monkeypatch.setattr(rate_sweep, 'RateSweep', Watched)
    before = cfg.to_dict()
    losses = sweep_rates(cfg, RATES, seed=0)
    assert len(losses) == len(RATES) and cfg.to_dict() == before
    torch.testing.assert_close(torch.tensor(seen), torch.tensor([[rate, 2 * rate] for rate in RATES]))


def test_a_start_is_reproducible_and_seeds_differ(cfg):
    first = sweep_rates(cfg, RATES, seed=0)
    assert sweep_rates(cfg, RATES, seed=0) == first
    assert sweep_rates(cfg, RATES, seed=1)[0] != first[0]


def test_a_segmentor_in_an_iteration_based_loop_is_swept(cfg):
    seg = load_config('seg.py', {'train_cfg.max_iters': 1}, TRAIN_FIELDS)  # a sweep is longer than that training
    assert len(sweep_rates(seg, RATES, seed=0)) == len(RATES)


@given(st.lists(st.integers(-(2**20), 2**20), min_size=1, max_size=30), st.integers(-(2**20), 2**20))
def test_a_number_added_to_all_losses_does_not_change_the_end(losses, offset):
    ends = []
    for added in (0, offset, -losses[0], 1 - losses[0]):
        sweep = RateSweep(RATES, 1)
        sweep.losses = [float(loss + added) for loss in losses]
        ends.append((sweep.has_diverged(1.0), sweep.has_diverged(math.inf)))
    assert len(set(ends)) == 1 and ends[0][1]


def test_rates_that_diverge_end_the_sweep(cfg):
    assert len(sweep_rates(cfg, [1e-3] * 3 + [1e9] * 30, seed=0)) < 33


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(lowest=1.0, highest=0.1), '--from=1 --to=0.1: expected positive numbers, the first below the second'),
        (dict(steps=10), '--steps=10: expected an integer of at least 30'),
        (dict(starts=0), '--starts=0: expected an integer of at least 1'),
        (dict(batch_size=0), '--batch-size=0: expected an integer of at least 1'),
        (dict(lowest=1e-12, highest=1e-11, steps=30, starts=1), 'expected a loss that falls, got none'),
    ],
)
def test_invalid_options_are_refused_in_one_sentence(cfg, options, message):
    with pytest.raises(ConfigError, match=message):
        find_rate(cfg, SweepOptions(**dict(dict(lowest=1e-3, highest=1.0), **options)), lambda *_: None)
