"""The gain table shows each loss's error minus the first loss's."""

from mmgb.trials.gain_table import gain_table
from mmgb.trials.trial import Setting, Trial


def setting(*best, failed=None):
    return Setting(
        'accuracy/top1',
        'epoch',
        {},
        [Trial(seed, [(1, value - 1), (2, value)], failed) for seed, value in enumerate(best)],
    )


def with_failure(*best):
    found = setting(*best)
    found.trials.append(Trial(len(best), [], 'FloatingPointError: inf'))
    return found


def test_only_an_error_that_welchs_test_finds_lower_is_bold():
    base = setting(90.0, 91.0, 92.0)  # errors 10, 9 and 8: mean 9, standard error (1 / 3) ** .5
    rows = gain_table(
        {
            'clear': {'a': base, 'b': setting(95.0, 99.0, 97.0), 'c': setting(80.0, 80.2)},
            'unclear': {'a': base, 'b': setting(97.5, 95.0, 92.5), 'c': setting(93.0)},
            'partly': {'a': base, 'b': with_failure(95.0, 99.0, 97.0), 'c': setting(93.0)},
            'lost': {'a': setting(90.0), 'b': setting(91.0, failed='FloatingPointError: inf'), 'c': setting(93.0)},
        }
    ).splitlines()
    assert rows[0] == '|  | a: minimum error, % | b minus a | c minus a |'
    # Means 9 and 3, standard errors 0.58 and 1.15: 4.6 of 1.29, and 2.9 degrees of freedom ask for 3.2.
    assert rows[2] == '| clear | 9.00 ± 0.58 | **-6.00 ± 1.29** | +10.90 ± 0.59 |'
    # Means 9 and 5, standard errors 0.58 and 1.44: 2.6 of 1.55, and 2.6 degrees of freedom ask for 3.5.
    assert rows[3] == '| unclear | 9.00 ± 0.58 | -4.00 ± 1.55 | -2.00 ± ? |'
    assert rows[4] == '| partly | 9.00 ± 0.58 | **-6.00 ± 1.29**, 1 diverged | -2.00 ± ? |'
    assert rows[5] == '| lost | 10.00 ± ? | diverged in every trial | -3.00 ± ? |'
