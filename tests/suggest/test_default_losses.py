"""Heads without a loss in the config have the default of their class."""

import pytest
from mmpretrain.models.heads import LinearClsHead

from mmgb.suggest.default_losses import default_argument, with_default_losses


@pytest.mark.parametrize('kind', ['LinearClsHead', 'mmpretrain.LinearClsHead', LinearClsHead])
def test_the_default_comes_from_the_class_or_its_bases(kind):
    assert default_argument(kind, 'loss', 'mmpretrain') == dict(type='CrossEntropyLoss', loss_weight=1.0)


def test_a_class_that_is_unknown_or_has_no_default_has_none():
    assert default_argument('NoHead', 'loss', 'mmpretrain') is None
    assert default_argument('mmpretrain.GlobalAveragePooling', 'loss', None) is None


def test_only_heads_without_a_loss_get_one():
    ce = dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0)
    model = dict(
        backbone=dict(type='ResNet'),
        decode_head=[dict(type='FCNHead'), dict(type='FCNHead', loss_decode=dict(type='DiceLoss'))],
        auxiliary_head=None,
    )
    expected = [dict(type='FCNHead', loss_decode=ce), dict(type='FCNHead', loss_decode=dict(type='DiceLoss'))]
    assert with_default_losses(model, 'mmseg') == dict(model, decode_head=expected)
    assert 'loss_decode' not in model['decode_head'][0]
