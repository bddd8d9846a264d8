"""The table of the normaliser penalty shows means over the trials that did not diverge."""

from mmgb.trials.penalty_table import penalty_table


def test_the_table_leaves_diverged_trials_out_of_the_means():
    nan = float('nan')
    trials = [dict(error=3.0, spread=1.0), dict(error=5.0, spread=2.0), dict(error=nan, spread=nan)]
    case = dict(data='MNIST', factor=0.3, rate=0.1)
    rows = penalty_table(dict(cases=[dict(case, trials=trials), dict(case, trials=trials[2:])])).splitlines()[2:]
    assert rows[0] == '| MNIST | 0.3 | 0.1 | 3, 1 diverged | 4.00 ± 1.00 | 1.50 ± 0.50 |'
    assert rows[1] == '| MNIST | 0.3 | 0.1 | 1, 1 diverged | diverged | diverged |'
