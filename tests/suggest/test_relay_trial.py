"""The trial step leaves the config as it was, and names a model that can't be built."""

import pytest
from mmengine.config import Config

from mmgb.functional.errors import ConfigError
from mmgb.suggest.relay_trial import RelayTrial

MODEL = dict(
    type='ImageClassifier',
    pretrained='nowhere.pth',
    backbone=dict(type='LeNet5', num_classes=-1),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=3, in_channels=120),
)
CROP = dict(type='RandomCrop', crop_size=32)


def config_of(model):
    loader = dict(dataset=dict(type='X', pipeline=[CROP]))
    preprocessor = dict(num_classes=3, mean=[127.0], std=[60.0])
    return Config(
        dict(default_scope='mmpretrain', model=model, data_preprocessor=preprocessor, train_dataloader=loader)
    )


def test_a_step_shows_the_units_and_leaves_the_config_as_it_was():
    cfg = config_of(MODEL)
    before = cfg.to_dict()
    network = RelayTrial(cfg).trace()
    assert [unit.path for unit in network.units][:2] == ['backbone.features.0', 'backbone.features.1']
    assert network.auxiliary_input is None and cfg.to_dict() == before


@pytest.mark.parametrize('backbone', [dict(type='NoBackbone'), dict(type='ResNet', depth=7)])
def test_a_model_that_cannot_be_built_is_named_in_one_sentence(backbone):
    with pytest.raises(ConfigError, match='model: expected one that can be built here, got') as caught:
        RelayTrial(config_of(dict(MODEL, backbone=backbone))).trace()
    assert '\n' not in str(caught.value)
