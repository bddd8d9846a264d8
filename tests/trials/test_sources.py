"""Settings are named by FILE.json or FILE.json:INDEX."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.functional.errors import ConfigError
from mmgb.trials.file import TrialsFile
from mmgb.trials.sources import name_settings, shorten_keys
from mmgb.trials.trial import Setting, Trial

ORIGIN = dict(config='a.py', cfg_options={}, metric='mIoU', step='epoch')
TWO = [{'optimizer.lr': 0.1, 'alpha': [1, 2]}, {'optimizer.lr': 0.2}]
FIRST, SECOND = (Setting('mIoU', 'epoch', overrides, [Trial(0, [(1, 30.0)])]) for overrides in TWO)


def write(path, settings):
    file = TrialsFile(path, ORIGIN, {}, settings)
    for overrides in settings:
        file.add(overrides, Trial(0, [(1, 30.0)]))
    return path


def test_a_source_with_an_index_is_one_setting(tmp_path):
    file = write(tmp_path / 'a.json', TWO)
    assert list(name_settings({'x': f'{file}:1', 'y': f'{file}:0'}).items()) == [('x', SECOND), ('y', FIRST)]


def test_a_source_without_an_index_is_every_setting_named_by_its_overrides(tmp_path):
    file = write(tmp_path / 'a.json', TWO)
    assert name_settings({'x': str(file)}) == {'x, lr=0.1, alpha=[1, 2]': FIRST, 'x, lr=0.2': SECOND}


def test_keys_that_end_alike_are_told_apart_and_no_setting_is_lost(tmp_path):
    grid = [{'a.x.lr': one, 'b.x.lr': other, 'c.wd': 0} for one in (1, 2) for other in (1, 2)]
    found = name_settings({'n': str(write(tmp_path / 'a.json', grid))})
    assert [setting.overrides for setting in found.values()] == grid
    assert list(found)[1] == 'n, a.x.lr=1, b.x.lr=2, wd=0'


KEYS = st.lists(st.lists(st.sampled_from('abc'), min_size=1, max_size=4).map('.'.join), unique=True)


@given(KEYS)
def test_a_short_key_is_an_end_of_its_key_and_of_no_other_unless_it_is_the_whole(keys):
    found = shorten_keys(keys)
    assert list(found) == keys and len(set(found.values())) == len(keys)
    for key, short in found.items():
        matching = [other for other in keys if f'.{other}'.endswith(f'.{short}')]
        assert matching == [key] or (short == key and key in matching)


def test_two_settings_with_one_name_are_refused(tmp_path):
    file = write(tmp_path / 'a.json', [{'lr': 1}, {'lr': '1'}])
    with pytest.raises(ConfigError, match="'x, lr=1': expected a name for each setting, got it twice"):
        name_settings({'x': str(file)})


def test_the_only_setting_of_a_file_has_the_given_name(tmp_path):
    assert name_settings({'x': str(write(tmp_path / 'b.json', TWO[1:]))}) == {'x': SECOND}


def test_an_index_beyond_the_settings_is_refused(tmp_path):
    file = write(tmp_path / 'a.json', TWO)
    with pytest.raises(ConfigError, match=r"a.json:2': expected an INDEX from 0 to 1, the settings of '.*', got 2"):
        name_settings({'x': f'{file}:2'})


def test_a_setting_without_trials_is_refused(tmp_path):
    TrialsFile(tmp_path / 'd.json', ORIGIN, {}, TWO).add(TWO[1], Trial(0, [(1, 30.0)]))
    with pytest.raises(
        ConfigError, match=r"d.json': expected trials of the setting 'lr=0.1, alpha=\[1, 2\]', got none"
    ):
        name_settings({'x': str(tmp_path / 'd.json')})


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="nowhere.json': expected a file of tools/run_trials.py, got no file"):
        name_settings({'x': str(tmp_path / 'nowhere.json')})
