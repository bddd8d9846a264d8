"""Stand-ins: what counts as missing, and made images and statistics in its place."""

import numpy as np
import pytest
from helpers.tiny_runs import make_workspace
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from mmgb.functional.errors import ConfigError
from mmgb.recipes.name import RecipeName
from mmgb.recipes.stand_ins import drop_missing_checkpoint, drop_missing_weights, find_missing_data, make_data

NAME = RecipeName(processes=1, side=32, length=500)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(make_workspace(tmp_path))
    return tmp_path


def test_present_data_are_found(workspace):
    for name in ('seg.py', 'cls.py'):
        assert find_missing_data(Config.fromfile(name)) is None


def test_a_missing_folder_list_or_image_is_named(workspace):
    cfg = Config.fromfile('cls.py')
    cfg.train_dataloader.dataset.data_root = 'nowhere'
    assert find_missing_data(cfg) == "train_dataloader.dataset.data_root='nowhere' does not exist"
    cfg = Config.fromfile('seg.py')
    cfg.train_dataloader.dataset.ann_file = 'list.txt'
    assert 'list.txt' in find_missing_data(cfg)
    (workspace / 'seg/list.txt').write_text('absent\n')
    assert 'absent' in find_missing_data(cfg)


def test_made_images_go_through_the_own_pipeline(workspace):
    cfg = Config.fromfile('cls.py')
    cfg.train_dataloader.dataset.data_root = 'nowhere'
    make_data(cfg, NAME, workspace)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        data = DATASETS.build(cfg.train_dataloader.dataset)
    assert len(data) == 500 and data.size == (64, 64) and data.num_classes == 2
    assert data[1]['inputs'].shape == (1, 64, 64)  # color_type='grayscale'


def test_every_data_set_inside_a_wrapper_is_replaced(workspace):
    cfg = Config.fromfile('seg.py')
    part = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(type='ConcatDataset', datasets=[part, dict(part)])
    make_data(cfg, NAME, workspace)
    with DefaultScope.overwrite_default_scope('mmseg'):
        data = DATASETS.build(cfg.train_dataloader.dataset)
    assert len(data) == 1000
    assert data[900]['data_samples'].gt_sem_seg.shape == (64, 64)


def test_a_model_without_a_number_of_classes_is_refused(workspace):
    cfg = Config.fromfile('cls.py')
    cfg.model = dict(type='X')
    with pytest.raises(ConfigError, match='expected a num_classes'):
        make_data(cfg, NAME, workspace)


def test_missing_statistics_are_those_of_made_images(tmp_path):
    def made(step, side, channels):
        cfg = Config(
            dict(
                model=dict(num_classes=10, data_preprocessor=dict(mean=[0] * channels)),
                train_dataloader=dict(dataset=dict(pipeline=[step])),
            )
        )
        make_data(cfg, NAME._replace(side=side), tmp_path)
        return DATASETS.build(cfg.train_dataloader.dataset)

    photographs = made(dict(type='mmgb.SubtractMeanImage', mean_image='nowhere.npy'), 24, 3)
    mean = np.mean([photographs[index]['img'] for index in range(100)], axis=(0, 1, 2))
    np.testing.assert_allclose(mean, 0, atol=1e-2)
    digits = made(dict(type='mmgb.WhitenInputs', statistics='nowhere.npz'), 8, 1)
    white = np.stack([digits[index]['img'] for index in range(1000)]).reshape(1000, -1)
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(white.std(axis=0), 1, atol=0.05)


def test_weights_that_are_no_file_here_are_dropped(tmp_path):
    (tmp_path / 'here.pth').touch()
    here = dict(type='Pretrained', checkpoint=str(tmp_path / 'here.pth'))
    model = dict(
        pretrained='open-mmlab://resnet50',
        backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='torchvision://vgg16')),
        head=dict(init_cfg=[dict(type='Kaiming')]),
        auxiliaries=[dict(head=dict(init_cfg=here))],
    )
    assert drop_missing_weights(model) == ['open-mmlab://resnet50', 'torchvision://vgg16']
    assert model['pretrained'] is None and model['backbone']['init_cfg'] is None
    assert model['head']['init_cfg'] == [dict(type='Kaiming')]
    assert model['auxiliaries'][0]['head']['init_cfg'] == here


@pytest.mark.parametrize('kind', ['MNIST', 'CIFAR10', 'CIFAR100', 'FashionMNIST'])
def test_a_data_set_that_the_host_would_download_is_missing(kind, tmp_path):
    dataset = dict(type=kind, data_root=str(tmp_path / 'data'), split='train', pipeline=[])
    loader = dict(dataset=dict(type='RepeatDataset', times=2, dataset=dataset))
    missing = find_missing_data(Config(dict(default_scope='mmpretrain', train_dataloader=loader)))
    assert f'Cannot find {kind} dataset in {tmp_path}' in missing and '\n' not in missing
    assert not any(path.is_file() for path in tmp_path.rglob('*'))


def test_a_checkpoint_that_is_no_file_here_is_dropped(tmp_path):
    (tmp_path / 'here.pth').touch()
    for path in ('https://host/resnet18.pth', str(tmp_path / 'none.pth')):
        cfg = Config(dict(load_from=path))
        assert drop_missing_checkpoint(cfg) == [path] and cfg.load_from is None
    for path in (str(tmp_path / 'here.pth'), None):
        cfg = Config(dict(load_from=path))
        assert drop_missing_checkpoint(cfg) == [] and cfg.load_from == path
