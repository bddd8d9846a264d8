"""Check of a recipe: the settings of the config are kept, and the batch is that of all its processes."""

import pytest
from helpers.tiny_runs import make_workspace
from mmengine.config import Config

from mmgb.apis.config import TRAIN_FIELDS, load_config
from mmgb.functional.errors import ConfigError
from mmgb.recipes.check import CheckOptions, check_recipe, largest_divisor, rounded, summarize_ratios, training_fields

NAME = 'net_4xb2-1e_x-32x32.py'
ABSENT = {'train_dataloader.dataset.data_root': 'nowhere'}


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(make_workspace(tmp_path))
    crop = "dict(type='RandomCrop', crop_size=32), dict(type='PackInputs')"
    text = (tmp_path / 'cls.py').read_text().replace("dict(type='PackInputs')", crop)
    (tmp_path / NAME).write_text(text)
    return tmp_path


def check(path, overrides=(), **options):
    return check_recipe(load_config(path, dict(overrides), TRAIN_FIELDS), CheckOptions(**options))


def test_a_batch_is_that_of_all_processes_in_micro_batches_of_one(workspace):
    found = check(NAME, ABSENT, steps=5)
    assert (found['batch'], found['config_batch'], found['micro_batch'], found['steps']) == (8, 8, 2, 5)
    assert found['data'] == 'made' and 'nowhere' in found['missing_data']
    assert len(found['losses']) == 5 and found['first_loss'] == found['losses'][0]
    assert set(found['update_ratio']['layers']) > {'backbone.features.0', 'backbone.classifier.0'}
    smaller = check(NAME, ABSENT, steps=2, batch_size=6, micro_batch=4)
    assert (smaller['batch'], smaller['config_batch'], smaller['micro_batch']) == (6, 8, 3)


def test_real_data_and_mmseg_twice_in_a_process_with_a_named_visualizer(workspace):
    named = {'visualizer.name': 'visualizer'}
    assert check('seg.py', named, steps=1)['steps'] == 1
    found = check('seg.py', named, steps=2)
    assert found['data'] == 'real' and found['missing_data'] is None
    assert (found['batch'], found['micro_batch']) == (2, 2)
    assert found['peak_bytes'] is None or found['peak_bytes'] > 1e8


def test_the_loaded_config_is_not_changed(workspace):
    cfg = load_config('cls.py', {}, TRAIN_FIELDS)
    before = cfg.to_dict()
    check_recipe(cfg, CheckOptions(steps=1))
    assert cfg.to_dict() == before


def test_configs_that_differ_in_testing_alone_share_a_training(workspace):
    asked = []

    def find_training(training):
        asked.append(training)
        return dict(verdict='falls')

    for changed in ({}, {'test_dataloader.batch_size': 4, 'val_cfg.fp16': True}, {'optim_wrapper.optimizer.lr': 1.0}):
        cfg = load_config(NAME, {**ABSENT, **changed}, TRAIN_FIELDS)
        known = check_recipe(cfg, CheckOptions(steps=1), find_training)
        assert known == dict(verdict='falls', missing_data=known['missing_data'])
    assert asked[0] == asked[1] != asked[2]
    assert check(NAME, ABSENT, steps=1)['training'] == asked[0]


def disabled(size):
    """Entries of a config that the runner ignores in one process."""
    return dict(auto_scale_lr=dict(enable=False, base_batch_size=size), compile=False, model_wrapper_cfg=dict(type='A'))


@pytest.mark.parametrize(
    'changed',
    [
        dict(auto_scale_lr=dict(enable=True, base_batch_size=64)),
        dict(auto_scale_lr=dict(enable=True, base_batch_size=128)),
        dict(compile=True),
        dict(compile=dict()),
        dict(compile=dict(backend='eager')),
        dict(runner_type='Mine'),
    ],
)
def test_a_field_decides_a_training_only_where_it_has_an_effect(changed):
    base = dict(model=dict(type='Net'))
    assert training_fields(Config(base)) == base
    assert training_fields(Config(base | disabled(64))) == base
    assert training_fields(Config(base | disabled(64) | changed)) == base | changed


def test_an_image_size_that_does_not_fit_the_network_is_refused(workspace):
    with pytest.raises(ConfigError, match='--image-size=40: expected a size that the network takes'):
        check(NAME, ABSENT, image_size=40)


def test_helpers():
    assert [largest_divisor(256, limit) for limit in (32, 300, 100, 1)] == [32, 256, 64, 1]
    assert rounded(1.23456) == 1.235 and rounded(float('inf')) == 'inf' and rounded(float('nan')) == 'nan'
    summary = summarize_ratios({'a': [0.1, 0.2, 0.3], 'b': [1.0], 'c': []})
    assert summary == dict(median=0.6, max=1.0, max_layer='b', layers=dict(a=0.2, b=1.0))
