"""Settings are named by FILE.json or FILE.json:INDEX."""

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.trials.file import TrialsFile
from mmgb.trials.sources import name_settings
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
