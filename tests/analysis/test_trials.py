"""Several trials of a setting, read from their work directories and put into a table."""
import json

import pytest

from mmgb.analysis.trials import Trials, read_trials, trials_table


def write_run(folder, values):
    (folder / 'run' / 'vis_data').mkdir(parents=True)
    lines = [json.dumps({'acc': value, 'step': 1 + i}) for i, value in enumerate(values)]
    (folder / 'run' / 'vis_data' / 'scalars.json').write_text('\n'.join(lines))
    return folder


def test_table_gives_the_mean_of_the_last_values_and_its_standard_error(tmp_path):
    runs = [write_run(tmp_path / str(i), values) for i, values in enumerate([(1., 10.), (2., 12.), (3., 17.)])]
    found = read_trials(runs, 'acc')
    assert found == Trials('acc', [[(1, 1.), (2, 10.)], [(1, 2.), (2, 12.)], [(1, 3.), (2, 17.)]])
    row = trials_table({'ours': found, 'one': read_trials(runs[:1], 'acc')}).splitlines()[2:]
    # mean 13; variance ((-3)^2 + (-1)^2 + 4^2) / 2 = 13; 13 ** .5 / 3 ** .5 = 2.08
    assert row == ['| ours | acc | 3 | 13.0 ± 2.1 | 10.0, 12.0, 17.0 |', '| one | acc | 1 | 10.0 ± nan | 10.0 |']


def test_an_unfinished_trial_is_named(tmp_path):
    runs = [write_run(tmp_path / 'a', [1., 2.]), write_run(tmp_path / 'b', [1.])]
    with pytest.raises(ValueError, match='different lengths: .*b ends at step 1, .*a ends at step 2'):
        read_trials(runs, 'acc')
