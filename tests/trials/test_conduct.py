"""Numbers of trials that were not fixed beforehand, and of learning rates, are named."""

import json

import pytest
from helpers.manifests import FAMILY, write_manifests

from mmgb.functional.errors import ConfigError
from mmgb.trials.conduct import count_learning_rates, describe_stopping, describe_tuning
from mmgb.trials.manifest import read_manifest


@pytest.fixture
def runs(tmp_path):
    """Runs of the losses a and b with two planned trials each; those of a were one trial when it was looked at."""
    family = FAMILY.replace('for: {loss: [a, b]}', 'for: {loss: [a: {looked_at: [1]}, b]}')
    family = family.replace('      seeds: 2\n', '      seeds: 2\n      tuned_by: out/rates_{loss}\n')
    return read_manifest(write_manifests(tmp_path, family=family)).experiments['losses'].runs


def test_looks_and_missing_trials_are_named(runs):
    first, second = runs
    assert describe_stopping([second, second], [2, 3]) == ''
    assert describe_stopping([first, second], [2, 2]) == 'trials were added after a look at 1'
    later = second._replace(looked_at=[3, 5], seeds=8)
    assert describe_stopping([first, later], [2, 6]) == (
        'trials were added after a look at 1 and 3 and 5; b: 6 of 8 planned trials'
    )


def test_learning_rates_are_counted_in_the_grids(runs, tmp_path):
    (tmp_path / 'out').mkdir()
    for loss, count in (('a', 2), ('b', 3)):
        settings = [dict(overrides={'lr': rate}, trials=[]) for rate in range(count)]
        content = dict(config='c', cfg_options={}, metric='m', step='epoch', environment={}, settings=settings)
        (tmp_path / f'out/rates_{loss}.json').write_text(json.dumps(content))
    first, second = runs
    assert [count_learning_rates(run, tmp_path) for run in runs] == [2, 3]
    assert describe_tuning([first, first], tmp_path) == '2 and 2'
    assert describe_tuning([first, second], tmp_path) == '2 and 3: more for b'
    untuned = second._replace(tuned_by=None)
    assert describe_tuning([first, untuned], tmp_path) == '2 and none: more for a'
    assert describe_tuning([untuned, untuned], tmp_path) == 'not tuned'
    (tmp_path / 'best.json').write_text(json.dumps({'B': {'0.1': 1, '0.2': 2, '0.4': 3, '0.8': 4}}))
    assert count_learning_rates(second._replace(tuned_by='best:B'), tmp_path) == 4


@pytest.mark.parametrize(
    'field, message',
    [
        ('looked_at: [2]', 'looked_at=.*2.*: expected numbers of trials below seeds=2'),
        ('tuned_by: out/none', "tuned_by='out/none' of out/a: expected the result of a run"),
    ],
)
def test_impossible_looks_and_unknown_grids_are_refused(tmp_path, field, message):
    family = FAMILY.replace('      seeds: 2\n', f'      seeds: 2\n      {field}\n')
    with pytest.raises(ConfigError, match=message):
        read_manifest(write_manifests(tmp_path, family=family))
