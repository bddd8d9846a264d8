"""Trials are read from the files of run_trials.py, and named."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.trials.trial import Setting, Trial, best_point, name_settings, read_settings

CONTENT = dict(
    config='a.py',
    cfg_options={},
    metric='mIoU',
    step='epoch',
    environment=None,
    settings=[
        dict(
            overrides={'optimizer.lr': 0.1, 'alpha': [1, 2]},
            trials=[
                dict(seed=0, curve=[[1, 30.0], [2, 40.0]], best_step=2, best=40.0),
                dict(seed=1, curve=[], failed='FloatingPointError: no'),
            ],
        ),
        dict(overrides={'optimizer.lr': 0.2}, trials=[dict(seed=0, curve=[[1, 50.0]], best_step=1, best=50.0)]),
    ],
)


@pytest.fixture
def file(tmp_path):
    (tmp_path / 'a.json').write_text(json.dumps(CONTENT))
    return tmp_path / 'a.json'


def test_a_file_gives_its_settings_with_curves_and_failures(file):
    assert read_settings(file) == [
        Setting(
            'mIoU',
            'epoch',
            {'optimizer.lr': 0.1, 'alpha': [1, 2]},
            [Trial(0, [(1, 30.0), (2, 40.0)]), Trial(1, [], 'FloatingPointError: no')],
        ),
        Setting('mIoU', 'epoch', {'optimizer.lr': 0.2}, [Trial(0, [(1, 50.0)])]),
    ]


def test_a_source_with_an_index_is_one_setting_and_one_without_is_all_of_them_by_their_overrides(file):
    first, second = read_settings(file)
    assert list(name_settings({'x': f'{file}:1', 'y': f'{file}:0'}).items()) == [('x', second), ('y', first)]
    assert name_settings({'x': str(file)}) == {'x, lr=0.1, alpha=[1, 2]': first, 'x, lr=0.2': second}


def test_the_only_setting_of_a_file_has_the_given_name(tmp_path):
    (tmp_path / 'b.json').write_text(json.dumps({**CONTENT, 'settings': CONTENT['settings'][1:]}))
    assert list(name_settings({'x': f'{tmp_path / "b.json"}'})) == ['x']


@pytest.mark.parametrize(
    'text, said',
    [
        ('{', 'is not what tools/run_trials.py writes .JSONDecodeError'),
        ('[1]', 'is not what'),
        ('{"config": 1}', "is not what .*KeyError: 'cfg_options'"),
        (json.dumps({**CONTENT, 'settings': [{'overrides': {}, 'trials': [{'seed': 0}]}]}), "KeyError: 'curve'"),
    ],
)
def test_another_file_is_refused(text, said, tmp_path):
    (tmp_path / 'c.json').write_text(text)
    with pytest.raises(ValueError, match=said):
        read_settings(tmp_path / 'c.json')


def test_an_index_beyond_the_settings_a_setting_without_trials_and_no_file_are_refused(file, tmp_path):
    with pytest.raises(ValueError, match='has 2 settings, so that INDEX should be from 0 to 1, got 2'):
        name_settings({'x': f'{file}:2'})
    (tmp_path / 'd.json').write_text(json.dumps({**CONTENT, 'settings': [{'overrides': {'lr': 1}, 'trials': []}]}))
    with pytest.raises(ValueError, match="d.json' has no trial of the setting 'lr=1' yet"):
        name_settings({'x': str(tmp_path / 'd.json')})
    with pytest.raises(FileNotFoundError, match="nowhere.json' is not a file"):
        name_settings({'x': str(tmp_path / 'nowhere.json')})


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 9))
def test_the_best_point_is_the_first_largest_value_whatever_float32_adds_to_it(counts, denominator):
    curve = [(step, count / denominator + 1e-6 * (step % 3 - 1)) for step, count in enumerate(counts)]
    step, value = best_point(curve)
    assert step == counts.index(max(counts)) and value == pytest.approx(max(counts) / denominator, abs=1e-4)
