"""compare_trials.py compares files of trials in a table and a figure."""

import pytest
from helpers.many_runs import assert_one_sentence, run_many

from mmgb.trials.file import TrialsFile
from mmgb.trials.sources import name_settings
from mmgb.trials.tables import trials_table
from mmgb.trials.trial import Trial

BAD_INPUT = {
    'no name': (['a.json'], "'a.json': expected NAME=FILE.json or NAME=FILE.json:INDEX"),
    'twice': (['a=a.json:0', 'a=a.json:1'], "the name 'a' is given twice"),
    'no file': (['a=nowhere.json'], "'nowhere.json': expected a file of tools/run_trials.py, got no file"),
    'no file of trials': (['a=list.json'], "'list.json': expected a file of tools/run_trials.py, got TypeError"),
    'index': (['a=a.json:2'], "'a.json:2': expected an INDEX from 0 to 1, the settings of 'a.json', got 2"),
    'other metric': (['a=a.json:0', 'b=b.json'], "'b': expected accuracy/top1 by epoch like 'a', got mIoU by epoch"),
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('trials')
    for name, metric, grid in (('a', 'accuracy/top1', [{'lr': 0.1}, {'lr': 1.0}]), ('b', 'mIoU', [{}])):
        file = TrialsFile(
            folder / f'{name}.json', dict(config='c.py', cfg_options={}, metric=metric, step='epoch'), {}, grid
        )
        for index, overrides in enumerate(grid):
            for seed in range(3):
                file.add(overrides, Trial(seed, [(1, 50.0 + seed), (2, 60.0 + seed * index)]))
    (folder / 'list.json').write_text('[]')
    return folder


@pytest.fixture(scope='module')
def results(folder):
    return run_many(
        folder,
        {
            'all': ['analysis_tools/compare_trials.py', 'grid=a.json', '--out-dir', 'new/figures'],
            'one': ['analysis_tools/compare_trials.py', 'second=a.json:1'],
            **{name: ['analysis_tools/compare_trials.py', *arguments] for name, (arguments, _) in BAD_INPUT.items()},
        },
    )


def test_the_table_is_printed_and_written_with_figures_as_png_and_svg(results, folder):
    code, output = results['all']
    table = trials_table(name_settings({'grid': str(folder / 'a.json')}))
    assert code == 0 and output.startswith(table) and '| grid, lr=1.0 | 3 | 39.00 (38.50 to 39.50) |' in table
    assert (folder / 'new/figures/trials.md').read_text() == table
    assert (folder / 'new/figures/trials.png').read_bytes().startswith(b'\x89PNG')
    assert 'grid, lr=0.1 (n = 3)' in (folder / 'new/figures/trials.svg').read_text()


def test_without_a_folder_only_the_table_is_printed(results, folder):
    code, output = results['one']
    assert code == 0 and '| second | 3 |' in output and 'Written' not in output
    assert sorted(path.name for path in folder.iterdir()) == ['a.json', 'b.json', 'list.json', 'new']


@pytest.mark.parametrize('name', BAD_INPUT)
def test_invalid_input_gives_one_sentence(name, results):
    assert_one_sentence(results[name], 'compare_trials.py', BAD_INPUT[name][1])
