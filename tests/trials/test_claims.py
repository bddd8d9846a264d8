"""Verdicts on claims follow from the measured numbers."""

import json

import pytest
from helpers.manifests import write_manifests
from hypothesis import given
from hypothesis import strategies as st

from mmgb.trials.claims import Claim, claims_table, difference, read_claim, verdict
from mmgb.trials.entries import ClaimEntry
from mmgb.trials.manifest import read_manifest
from mmgb.trials.trial import Setting, Trial


def setting(*best, failed=False):
    """Return a setting of trials that reach these values at epoch 2."""
    return Setting(
        'accuracy/top1',
        'epoch',
        {},
        [
            Trial(seed, [(1, value - 1), (2, value)], 'FloatingPointError: inf' if failed else None)
            for seed, value in enumerate(best)
        ],
    )


def claim(first, second, quantity='minimum error', expected='lower'):
    return Claim('B is better than A', '', quantity, expected, first, second, 'experiments.py run x')


def test_the_standard_error_of_a_difference_is_the_root_of_the_sum_of_squares():
    found = difference(claim(setting(90.0, 92.0), setting(95.0, 99.0)))
    assert found.mean == pytest.approx(3.0 - 9.0)
    assert found.standard_error == pytest.approx((1.0 + 4.0) ** 0.5)  # of the means: sd / sqrt(2) = 1 and 2


@pytest.mark.parametrize(
    'second, expected, found',
    [
        # Standard error 0.07, two degrees of freedom: the difference has to exceed 4.3 of them, 0.30.
        ((95.0, 95.1), 'lower', 'holds'),
        ((95.0, 95.1), 'higher', 'contradicted'),
        ((80.0, 80.1), 'lower', 'contradicted'),
        ((90.31, 90.41), 'lower', 'holds'),
        ((90.3, 90.4), 'lower', "not visible: effects below 0.30 can't be seen"),
    ],
)
def test_a_verdict_needs_a_difference_that_welchs_test_finds_clear(second, expected, found):
    assert verdict(claim(setting(90.0, 90.1), setting(*second), expected=expected)).startswith(found)


@given(st.lists(st.floats(1, 99), min_size=2, max_size=5), st.lists(st.floats(1, 99), min_size=2, max_size=5))
def test_swapping_the_settings_and_the_expectation_keeps_the_verdict(first, second):
    one = claim(setting(*first), setting(*second), expected='lower')
    other = claim(setting(*second), setting(*first), expected='higher')
    assert verdict(one) == verdict(other)


def test_an_unmeasured_claim_names_its_command_and_one_trial_gives_no_verdict():
    assert verdict(claim(None, setting(1.0))) == 'not measured yet: `experiments.py run x`'
    assert verdict(claim(setting(90.0), setting(91.0))) == 'one trial: no verdict'
    assert (
        verdict(claim(setting(90.0, 91.0), setting(10.0, 20.0, failed=True))) == 'one of them diverged in every trial'
    )


def test_the_table_shows_the_numbers_and_the_verdict_of_each_claim():
    measured = claim(setting(90.0, 90.2), setting(95.0, 95.2))._replace(tuning='4 and 4')
    stopped = measured._replace(stopping='trials were added after a look at 1')
    rows = claims_table([measured, stopped, claim(None, None)]).splitlines()[2:]
    numbers = '| B is better than A | no number | minimum error: -5.00 ± 0.14, 2 and 2 trials, p 0.0008 | 4 and 4 |'
    assert rows[0] == f'{numbers} holds |'
    assert rows[1] == f'{numbers} holds; trials were added after a look at 1 |'
    assert rows[2].endswith('|  |  | not measured yet: `experiments.py run x` |')


def test_diverged_trials_are_left_out_of_the_difference_and_counted():
    second = setting(95.0, 99.0)
    second.trials.append(Trial(2, [], 'FloatingPointError: iteration 3'))
    row = claims_table([claim(setting(90.0, 92.0), second)]).splitlines()[2]
    assert '-6.00 ± 2.24, 2 and 3 (1 diverged) trials, p 0.16 |' in row


def test_each_result_is_read_up_to_its_own_last_step(tmp_path):
    def write(name, *values):
        content = dict(
            config='c.py',
            cfg_options={},
            metric='mIoU',
            step='epoch',
            environment={},
            settings=[dict(overrides={}, trials=[dict(seed=0, curve=list(enumerate(values, 1)))])],
        )
        (tmp_path / name).write_text(json.dumps(content))

    write('long.json', 10.0, 20.0, 30.0)
    write('short.json', 15.0, 28.0, 40.0)
    entry = ClaimEntry('B is better than A', 'lower', 'long', 'short')
    runs = read_manifest(write_manifests(tmp_path)).experiments['losses'].runs  # two trials each
    shortened = read_claim(entry._replace(until=(3, 2)), tmp_path, runs, 'run x')
    assert difference(shortened).mean == pytest.approx(30.0 - 28.0)
    assert difference(read_claim(entry, tmp_path, runs, 'run x')).mean == pytest.approx(30.0 - 40.0)
    assert shortened.stopping == 'a, b: 1 of 2 planned trials'
    assert shortened.tuning == 'not tuned'
    missing = read_claim(entry._replace(second='none'), tmp_path, runs, 'run x')
    assert missing.second is None and missing.command == 'run x'
