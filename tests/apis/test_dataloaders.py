import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS, Registry
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner

from mmgb.apis.dataloaders import check_data_roots, check_train_batches, set_dataloader_defaults
from mmgb.datasets.samplers import ClassAwareSampler, class_aware_sampler
from mmgb.functional.class_aware_order import group_by_class
from mmgb.functional.errors import ConfigError

SEEN = Registry('dataset', parent=DATASETS, scope='datasets_of_this_test')


@SEEN.register_module()
class Downloading:
    def __init__(self, data_root, download=True):
        pass


def loader(scope, workers=2, accelerator=True, settings=None, **options):
    cfg = Config(dict(default_scope=scope, train_dataloader=dict(num_workers=workers, **(settings or {}))))
    set_dataloader_defaults(cfg, ('train_dataloader', 'val_dataloader'), accelerator, **options)
    return {key: value for key, value in cfg.train_dataloader.items() if key != 'num_workers'}


def test_mmpretrains_defaults_apply_only_to_its_scope():
    assert loader('mmpretrain', persistent_workers=True) == dict(
        collate_fn=dict(type='default_collate'), pin_memory=True, persistent_workers=True
    )
    assert loader('mmpretrain') == dict(collate_fn=dict(type='default_collate'), pin_memory=True)
    assert loader('mmseg', persistent_workers=True) == {}


def test_values_set_in_the_config_are_kept():
    own = dict(collate_fn=dict(type='pseudo_collate'), pin_memory=False, persistent_workers=False)
    assert loader('mmpretrain', settings=own, persistent_workers=True) == own


@pytest.mark.parametrize('scope', ['mmseg', 'mmpretrain'])
def test_settings_that_cannot_work_are_disabled_for_both_hosts(scope):
    wanted = dict(pin_memory=True, persistent_workers=True)
    assert loader(scope, settings=wanted, workers=0)['persistent_workers'] is False
    assert loader(scope, settings=wanted, accelerator=False)['pin_memory'] is False
    assert loader(scope, settings=wanted, pin_memory=False)['pin_memory'] is False
    assert loader(scope, settings=wanted, persistent_workers=False)['persistent_workers'] is False


def check(dataset, **top):
    check_data_roots(Config(dict(test_dataloader=dict(dataset=dataset), **top)), ('test_dataloader',))


def test_a_missing_data_root_is_named_by_field_and_value(tmp_path):
    check(dict(type='X', data_root=str(tmp_path)))
    check(dict(type='X'))
    check(dict(type='X', data_root=''))
    with pytest.raises(ConfigError, match=r"test_dataloader\.dataset\.data_root='nowhere' does not exist"):
        check(dict(type='X', data_root='nowhere'), default_scope='datasets_of_this_test')


def test_only_the_listed_dataloaders_are_checked():
    cfg = Config(dict(test_dataloader=dict(dataset=dict(type='X', data_root='nowhere')), val_dataloader=None))
    check_data_roots(cfg, ('train_dataloader', 'val_dataloader'))


def test_remote_data_and_datasets_that_download_are_not_checked():
    check(dict(type='X', data_root='s3://bucket/data'))
    check(dict(type='X', data_root='nowhere', backend_args=dict(backend='petrel')))
    downloading = dict(type='Downloading', data_root='nowhere')
    check(downloading, default_scope='datasets_of_this_test')
    check(dict(type=Downloading, data_root='nowhere'))
    with pytest.raises(ConfigError):
        check(dict(downloading, download=False), default_scope='datasets_of_this_test')


@pytest.mark.parametrize(
    'paths',
    [
        dict(data_prefix=dict(img_path='/a', seg_map_path='/b')),
        dict(data_prefix='/a', ann_file='/list.txt'),
        dict(data_prefix=dict(img_path='/a'), ann_file=''),
    ],
)
def test_a_stale_data_root_beside_absolute_paths_is_not_checked(paths):
    check(dict(type=Downloading, download=False, data_root='nowhere', **paths))


@pytest.mark.parametrize(
    'paths',
    [
        dict(data_prefix=dict(img_path='/a', seg_map_path='b')),
        dict(data_prefix=dict(img_path='/a'), ann_file='list.txt'),
        dict(data_prefix=dict(img_path='/a', seg_map_path='')),
        dict(data_prefix='/a', split='train'),
        dict(data_prefix={}),
        dict(ann_file='/list.txt'),
    ],
)
def test_a_data_root_that_a_relative_path_needs_is_checked(paths):
    with pytest.raises(ConfigError, match="data_root='nowhere' does not exist"):
        check(dict(type=Downloading, download=False, data_root='nowhere', **paths))


def check_batches(kind, size=6, **loader):
    loop = object.__new__(kind)
    loop._runner, loop.dataloader = None, Runner.build_dataloader(dict(dataset=list(range(size)), **loader), seed=0)
    check_train_batches(loop)


DEFAULT = dict(type='DefaultSampler', shuffle=False)


@pytest.mark.parametrize('sampler', [dict(type='InfiniteSampler'), dict(type=ClassAwareSampler, infinite=True)])
def test_a_sampler_that_never_ends_is_refused_in_an_epoch_based_loop(sampler, monkeypatch):
    monkeypatch.setattr(class_aware_sampler, 'group_samples', lambda *_: group_by_class(np.arange(6) % 2, 2))
    with pytest.raises(
        ConfigError, match='^train_dataloader.sampler=.*Sampler, which never ends: expected one that ends'
    ):
        check_batches(EpochBasedTrainLoop, batch_size=2, sampler=sampler)
    check_batches(IterBasedTrainLoop, batch_size=2, sampler=sampler)
    check_batches(IterBasedTrainLoop, batch_size=200, drop_last=True, sampler=sampler)


@pytest.mark.parametrize('kind', [EpochBasedTrainLoop, IterBasedTrainLoop])
def test_a_batch_larger_than_an_epoch_is_refused_with_drop_last(kind):
    with pytest.raises(
        ConfigError, match='^train_dataloader.batch_size=7: expected at least one batch .* got 6 samples'
    ):
        check_batches(kind, batch_size=7, drop_last=True, sampler=DEFAULT)
    with pytest.raises(ConfigError, match='got 0 samples with drop_last=False'):
        check_batches(kind, size=0, batch_size=7, sampler=DEFAULT)
    check_batches(kind, batch_size=6, drop_last=True, sampler=DEFAULT)
    check_batches(kind, batch_size=7, sampler=DEFAULT)
