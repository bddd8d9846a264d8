"""The configs of digit tuples: one network on two data sets with five losses, which differ in nothing else."""

import pytest
from helpers.shrunk_configs import CONFIGS
from mmengine.config import Config

FOLDER = CONFIGS / 'gradient_boosting' / 'digit_tuples'
DATA = {'pairs-14x28': 2, 'threes-14x42': 3}  # digits of an image
LOSSES = {
    'exp-gb': dict(type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0)),
    'pow3-gb': dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(0.0, 10.0)),
    'pow3-gb-matched': dict(type='mmgb.Pow3GBLoss', matched=True),
    'pow3-gb-zero-beta': dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.0, targets=(0.0, 10.0)),
}


def read(loss, data):
    cfg = Config.fromfile(FOLDER / f'mlp-bn_{loss}_1xb100-4e_digit-{data}.py')
    for helper in ('exp_gb', 'pow3_gb', 'pow3_gb_matched'):  # variables of the loss bases
        cfg.pop(helper, None)
    return cfg


def test_every_file_is_a_pair_of_a_loss_and_a_data_set():
    found = {path.stem for path in FOLDER.glob('*.py')}
    assert found == {f'mlp-bn_{loss}_1xb100-4e_digit-{data}' for loss in ('softmax', *LOSSES) for data in DATA}


@pytest.mark.parametrize('loss', LOSSES)
@pytest.mark.parametrize('data', DATA)
def test_only_head_and_learning_rate_differ_between_the_losses(loss, data):
    cfg, softmax = read(loss, data), read('softmax', data)
    assert cfg.model.head.type == 'mmgb.BoostedLinearClsHead' and cfg.model.head.loss == LOSSES[loss]
    for key in ('num_classes', 'in_channels'):
        assert cfg.model.head[key] == softmax.model.head[key]
    cfg.model.head, cfg.optim_wrapper.optimizer.lr = softmax.model.head, softmax.optim_wrapper.optimizer.lr
    assert cfg.to_dict() == softmax.to_dict()


@pytest.mark.parametrize('data, digits', DATA.items())
def test_inputs_and_classes_are_those_of_the_digits(data, digits):
    cfg = read('softmax', data)
    assert cfg.model.backbone.in_features == 14 * 14 * digits
    assert cfg.model.head.num_classes == cfg.data_preprocessor.num_classes == 10**digits
    assert cfg.train_dataloader.dataset.images == cfg.val_dataloader.dataset.images == data.split('-')[0] + '.npz'


def test_pairs_and_threes_share_everything_else():
    pairs, threes = (read('softmax', data) for data in DATA)
    pairs.model.backbone.in_features = threes.model.backbone.in_features
    for cfg in (pairs, threes):
        cfg.model.head.pop('num_classes'), cfg.data_preprocessor.pop('num_classes')
        cfg.optim_wrapper.optimizer.pop('lr')
        for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
            loader.dataset.pop('images')
    assert pairs.to_dict() == threes.to_dict()
