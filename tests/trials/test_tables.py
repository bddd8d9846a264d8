"""Tables compare settings with several trials each."""

import pytest

from mmgb.trials.tables import grid_table, trials_table
from mmgb.trials.trial import Setting, Trial


def make(*trials, metric='acc'):
    return Setting(
        metric,
        'epoch',
        {},
        [Trial(seed, list(enumerate(curve, 1)), failed) for seed, (curve, failed) in enumerate(trials)],
    )


def test_rows_show_medians_means_and_the_comparison_with_the_first_setting():
    base = make(((1.0, 10.0), None), ((2.0, 12.0), None), ((20.0, 17.0), None))
    ours = make(((30.0,), None), ((40.0,), None), ((35.0,), None))
    header, _, *rows = trials_table({'base': base, 'ours': ours}).splitlines()
    assert header == (
        '|  | trials | minimum error, %: median (quartiles) | best epoch: median | '
        'last acc, %: mean ± standard error | minimum error against the first row, %: difference of '
        "means ± standard error | p of Welch's test | p of the rank test |"
    )
    # Minimum errors 90, 88, 80 and 70, 60, 65; last values 10, 12, 17: mean 13, variance (9 + 1 + 16) / 2 = 13, and
    # (13 / 3) ** .5 = 2.08. Means 86 and 65; variances (16 + 4 + 36) / 2 = 28 and 25; ((28 + 25) / 3) ** .5 = 4.20:
    # 5.0 standard errors at (53 / 3) ** 2 / ((28 / 3) ** 2 / 2 + (25 / 3) ** 2 / 2) = 3.99 degrees of freedom.
    assert rows == [
        '| base | 3 | 88.00 (84.00 to 89.00) | 2.0 | 13.00 ± 2.08 |  |  |  |',
        '| ours | 3 | 65.00 (62.50 to 67.50) | 1.0 | 35.00 ± 2.89 | -21.00 ± 4.20 | 0.0076 | 0.1 |',
    ]


def test_failures_are_counted_by_kind_and_a_single_trial_has_no_standard_error():
    one = make(((50.0,), None))
    bad = make(((50.0,), 'FloatingPointError: iteration 3'), ((), 'MemoryError: none'), ((60.0,), None))
    lost = make(((), 'FloatingPointError: iteration 1'))
    rows = trials_table({'one': one, 'bad': bad, 'lost': lost}).splitlines()[2:]
    assert rows == [
        '| one | 1 | 50.00 (50.00 to 50.00) | 1.0 | 50.00 ± ? |  |  |  |',
        '| bad | 3, 1 diverged, 1 failed | 100.00 (70.00 to 100.00) | 1.0 | 60.00 ± ? | -10.00 ± ? |  | 1 |',
        '| lost | 1, 1 diverged | 100.00 (100.00 to 100.00) |  |  |  |  | 1 |',
    ]


def test_settings_with_different_metrics_are_refused():
    with pytest.raises(ValueError, match="'b': expected acc by epoch like 'a', got mIoU by epoch"):
        trials_table({'a': make(((1.0,), None)), 'b': make(((1.0,), None), metric='mIoU')})


def test_a_grid_has_one_row_per_file_sorted_by_value_with_the_best_in_bold():
    def at(rate, *trials):
        return make(*trials)._replace(overrides={'optim_wrapper.optimizer.lr': rate})

    diverged = ((3.0,), 'FloatingPointError: inf')
    table = grid_table(
        {
            'a, lr=0.5': at(0.5, ((10.0, 20.0), None)),
            'a, lr=0.25': at(0.25, ((30.0,), None), ((50.0,), None), diverged),
            'b, lr=1': at(1, diverged),
            'b, lr=2': at(2, ((1.0,), 'MemoryError: none left')),
            'c, its only rate': at(1, ((30.0,), None)),
        }
    )
    assert table.splitlines()[2:] == [
        # Errors 70, 50 and 100: mean 220 / 3, variance (11 + 544 + 711) / 2 = 633, (633 / 3) ** .5 = 14.53.
        '| a | 0.25: **73.33 ± 14.53, 1 diverged** | 0.5: 80.00 |',
        '| b | 1: diverged | 2: failed |',
        '| c, its only rate | 1: **70.00** |  |',
    ]
    assert table.startswith('|  | rate: minimum error, % | rate: minimum error, % |\n')
    assert grid_table({'a, lr=1': at(1, diverged)}, varied='weight').startswith('|  | weight: minimum error, % |\n')
