"""Auxiliary losses are named by their index, weighted, and computed by heads of either host."""

import pytest
import torch
from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import nn

from mmgb.functional import AuxiliaryRange
from mmgb.models.relay_bp.auxiliary_losses import DEFAULT_LOSS_WEIGHT, AuxiliaryLosses, AuxiliarySettings

FEATURES = [torch.tensor([1.0, 2.0]), torch.tensor([3.0])]


class ClassificationHead(BaseModule):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(1, 1)

    def loss(self, features, data_samples):
        (feature,) = features
        return {'loss': feature.sum(), 'accuracy': feature.max(), 'loss_list': [feature, -feature]}


class SegmentationHead(ClassificationHead):
    def loss(self, features, data_samples, train_cfg):
        return {'loss_ce': features[0].sum() * train_cfg['factor']}


def auxiliaries():
    settings = [AuxiliarySettings(AuxiliaryRange('b', 'a'), 0.5), AuxiliarySettings(AuxiliaryRange('c'), 2.0)]
    return AuxiliaryLosses([ClassificationHead(), SegmentationHead()], settings)


def test_losses_are_weighted_and_other_values_are_not():
    losses = auxiliaries().loss(FEATURES, [], dict(factor=10))
    assert list(losses) == ['aux_0.loss', 'aux_0.accuracy', 'aux_0.loss_list', 'aux_1.loss_ce']
    assert losses['aux_0.loss'] == 0.5 * 3 and losses['aux_0.accuracy'] == 2 and losses['aux_1.loss_ce'] == 2 * 30
    assert [entry.tolist() for entry in losses['aux_0.loss_list']] == [[0.5, 1.0], [-0.5, -1.0]]


def test_parameters_are_named_by_index_and_head():
    assert list(auxiliaries().state_dict()) == ['0.fc.weight', '0.fc.bias', '1.fc.weight', '1.fc.bias']


def test_a_replaced_head_is_used():
    """Wrappers such as FSDP and SyncBN conversion replace modules of the list."""
    losses = auxiliaries()
    losses[1] = ClassificationHead()
    assert 'aux_1.accuracy' in losses.loss(FEATURES, [])


@pytest.fixture
def registered():
    MODELS.register_module(module=ClassificationHead)
    yield 'ClassificationHead'
    MODELS.module_dict.pop('ClassificationHead')


def test_a_config_gives_ranges_weights_and_heads_in_order(registered):
    head = dict(type=registered)
    losses = AuxiliaryLosses.from_config(
        [dict(source='b', lowest='a', head=head, loss_weight=1.5), dict(source='c', head=head)]
    )
    assert losses.ranges == [AuxiliaryRange('b', 'a'), AuxiliaryRange('c', None)]
    assert [settings.loss_weight for settings in losses.settings] == [1.5, DEFAULT_LOSS_WEIGHT] == [1.5, 0.3]
    assert [type(module) for module in losses] == [ClassificationHead] * 2 and losses[0] is not losses[1]
