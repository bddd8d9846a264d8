"""Configs that measure hidden gradients by the number of outputs: their differences, and training with any number."""

import logging

import pytest
from helpers.fake_data import write_fake_data
from helpers.shrunk_configs import CONFIGS, shrunk
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgb.analysis.gradients.records import read_delta_histograms, read_gradient_stats
from mmgb.apis.config import merge_option
from mmgb.apis.runner import build_runner

FOLDER = CONFIGS / 'gradient_boosting' / 'imagenette'
LOSSES = 'softmax', 'exp-gb', 'pow3-gb'


def path_of(loss):
    return FOLDER / f'alexnet-bn-slim_{loss}-gradients_1xb64-1e_imagenette-64x64.py'


def read(loss):
    return Config.fromfile(path_of(loss))


@pytest.mark.parametrize('loss', LOSSES)
def test_network_and_loss_are_those_of_the_config_that_trains(loss):
    trained = Config.fromfile(FOLDER / f'alexnet-bn-slim_{loss}_1xb64-10e_imagenette-64x64.py')
    assert read(loss).model.to_dict() == trained.model.to_dict()


@pytest.mark.parametrize('loss', LOSSES[1:])
def test_only_the_head_differs_between_the_losses(loss):
    cfg, softmax = read(loss), read('softmax')
    cfg.pop('pow3_gb', None)  # the helper variable of the loss base
    cfg.model.head = softmax.model.head
    assert cfg.to_dict() == softmax.to_dict()


def test_gradients_are_recorded_and_only_the_check_of_the_number_of_classes_is_missing():
    usual = Config.fromfile(CONFIGS / '_base_' / 'mmpretrain_runtime.py').custom_hooks
    *checks, recording = [hook.type for hook in read('softmax').custom_hooks]
    assert recording == 'mmgb.GradientStatsHook'
    assert checks == [hook.type for hook in usual if hook.type != 'mmgb.CheckClassCountHook']


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return write_fake_data(tmp_path_factory.mktemp('gradients'))


@pytest.mark.slow
@pytest.mark.parametrize('loss', LOSSES)
@pytest.mark.parametrize('outputs', [10, 1000])
@pytest.mark.parametrize('normalised', [True, False], ids=['batch norm', 'no batch norm'])
def test_any_number_of_outputs_trains_on_ten_classes(loss, outputs, normalised, data, tmp_path, monkeypatch):
    monkeypatch.chdir(data)
    cfg = shrunk(path_of(loss))
    cfg.work_dir, cfg.experiment_name, cfg.launcher = str(tmp_path), str(tmp_path), 'none'
    merge_option(cfg, 'model.head.num_classes', outputs)
    if not normalised:
        merge_option(cfg, 'model.backbone.norm_cfg', None)
    logging.disable(logging.INFO)
    try:
        with DefaultScope.overwrite_default_scope(cfg.default_scope):
            runner = build_runner(cfg, ('train_loop', 'val_loop'))
            runner.train()
    finally:
        logging.disable(logging.NOTSET)
    assert any('BatchNorm' in type(module).__name__ for module in runner.model.modules()) == normalised
    rms = read_gradient_stats(tmp_path)['error_rms']
    assert len(rms) == 5 + 2 + 1 and list(rms)[-1] == 'head.fc'  # convolutions, fully connected layers, outputs
    assert all(value > 0 for curve in rms.values() for _, value in curve)
    (histogram,) = read_delta_histograms(tmp_path)
    assert sum(histogram.counts) == cfg.train_dataloader.batch_size * outputs
