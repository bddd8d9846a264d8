"""The README's table says of each change whether it helps, by Welch's test."""

import pytest

from mmgb.trials.claims import Claim, verdict
from mmgb.trials.headline_table import effect, headline_table
from mmgb.trials.trial import Setting, Trial


def claim(first, second, change='A to B', stopping=''):
    """Return a claim about settings whose trials have these minimum errors, None without trials."""
    settings = [
        errors and Setting('accuracy/top1', 'epoch', {}, [Trial(n, [(1, 100 - e)], None) for n, e in enumerate(errors)])
        for errors in (first, second)
    ]
    return Claim('B beats A', '', 'minimum error', 'higher', *settings, 'run x', stopping, '', (change, 'data'))


CLEAR = (10.0, 9.9), (5.0, 4.9)


@pytest.mark.parametrize(
    'first, second, expected',
    [
        (*CLEAR, '**helps**'),
        (*reversed(CLEAR), '**hurts**'),
        ((10.0, 9.9), (9.7, 9.6), 'no visible difference'),  # standard error 0.07, and Welch asks for 4.3 of them
        ((10.0,), (5.0,), 'no verdict'),
        (None, (5.0, 4.9), 'no verdict'),
    ],
)
def test_only_a_clear_difference_helps_or_hurts_whatever_the_claim_expects(first, second, expected):
    assert effect(claim(first, second)) == expected


def test_helpful_changes_come_first_and_a_star_marks_trials_added_after_a_look():
    claims = [
        claim(*reversed(CLEAR), change='worse'),
        claim(None, None, change='unknown'),
        claim(*CLEAR, change='better', stopping='trials were added after a look at 1'),
    ]
    rows = headline_table(claims).splitlines()[2:]
    assert rows == [
        '| better | data | 9.95 ± 0.05 | 4.95 ± 0.05 | **helps**, p 0.0002 \\* |',
        '| unknown | data | not measured | not measured | no verdict |',
        '| worse | data | 4.95 ± 0.05 | 9.95 ± 0.05 | **hurts**, p 0.0002 |',
    ]


@pytest.mark.parametrize(
    'error, kind', [('FloatingPointError: inf', 'diverged'), ('torch.OutOfMemoryError: of memory', 'failed')]
)
def test_a_setting_without_a_finished_trial_is_named_by_its_failures(error, kind):
    lost = claim(*CLEAR)
    trials = [trial._replace(failed=error) for trial in lost.second.trials]
    lost = lost._replace(second=lost.second._replace(trials=trials))
    (row,) = headline_table([lost]).splitlines()[2:]
    assert row == f'| A to B | data | 9.95 ± 0.05 | {kind} | no verdict |'
    assert verdict(lost) == f'one of them {kind} in every trial'
