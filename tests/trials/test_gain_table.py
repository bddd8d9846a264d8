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


def test_only_an_error_lower_by_two_standard_errors_is_bold():
    rows = gain_table(
        {
            'clear': {'a': setting(90.0, 92.0), 'b': setting(95.0, 99.0), 'c': setting(80.0, 80.2)},
            'unclear': {'a': setting(90.0, 92.0), 'b': setting(91.0, 93.0), 'c': setting(93.0)},
            'partly': {'a': setting(90.0, 92.0), 'b': with_failure(95.0, 99.0), 'c': setting(93.0)},
            'lost': {'a': setting(90.0), 'b': setting(91.0, failed='FloatingPointError: inf'), 'c': setting(93.0)},
        }
    ).splitlines()
    assert rows[0] == '|  | a: minimum error, % | b minus a | c minus a |'
    # Means 9 and 3, standard errors 1 and 2; 9 and 19.9, 1 and 0.1.
    assert rows[2] == '| clear | 9.00 ± 1.00 | **-6.00 ± 2.24** | +10.90 ± 1.00 |'
    assert rows[3] == '| unclear | 9.00 ± 1.00 | -1.00 ± 1.41 | -2.00 ± ? |'
    assert rows[4] == '| partly | 9.00 ± 1.00 | **-6.00 ± 2.24**, 1 diverged | -2.00 ± ? |'
    assert rows[5] == '| lost | 10.00 ± ? | diverged in every trial | -3.00 ± ? |'
