"""FitPrior starts every loss where the expected gradient over a uniform prior is zero."""

import pytest
import torch
from mmpretrain.models.heads import (
    LinearClsHead,
    MultiLabelLinearClsHead,
    StackedLinearClsHead,
    VisionTransformerClsHead,
)
from mmseg.models.decode_heads import FCNHead

MATCHED = [dict(type=loss, matched=True) for loss in ('mmgb.ExpGBLoss', 'mmgb.Pow3GBLoss')]
LOSSES = [*(dict(type=loss) for loss in ('mmgb.ExpGBLoss', 'mmgb.Pow3GBLoss', 'CrossEntropyLoss')), *MATCHED]


def init_cfg(layer):
    return [dict(type='Normal', layer=['Conv2d', 'Linear'], std=0.0), dict(type='mmgb.FitPrior', layer=layer)]


@pytest.mark.parametrize('loss', LOSSES)
@pytest.mark.parametrize('several', [False, True])
def test_the_expected_gradient_of_an_mmseg_head_starts_at_zero(loss, several):
    head = FCNHead(
        in_channels=4,
        channels=4,
        num_convs=0,
        concat_input=False,
        num_classes=5,
        in_index=0,
        loss_decode=[loss, dict(type='DiceLoss')] if several else loss,
        init_cfg=init_cfg('conv_seg'),
    )
    head.init_weights()
    scores = head((torch.randn(1, 4, 5, 1),)).detach().requires_grad_()
    first = head.loss_decode[0] if several else head.loss_decode
    first(scores, torch.arange(5).view(1, 5, 1), ignore_index=255).backward()  # each class once
    assert torch.allclose(scores.grad.sum((0, 2, 3)), torch.zeros(5), atol=1e-5)


@pytest.mark.parametrize('loss', LOSSES)
def test_the_expected_gradient_of_an_mmpretrain_head_starts_at_zero(loss):
    head = LinearClsHead(num_classes=7, in_channels=3, loss=loss, init_cfg=init_cfg('fc'))
    head.init_weights()
    scores = head((torch.randn(7, 3),)).detach().requires_grad_()
    head.loss_module(scores, torch.arange(7), avg_factor=7).backward()
    assert torch.allclose(scores.grad.sum(0), torch.zeros(7), atol=1e-5)
    assert loss not in MATCHED or head.fc.bias.abs().max() < 1e-6  # zero outputs are the prior already


@pytest.mark.parametrize('loss', [dict(loss, target_kind='multi_label') for loss in LOSSES if 'mmgb' in loss['type']])
def test_a_single_output_starts_between_its_two_classes(loss):
    head = MultiLabelLinearClsHead(num_classes=1, in_channels=3, loss=loss, init_cfg=init_cfg('fc'))
    head.init_weights()
    scores = head((torch.randn(2, 3),)).detach().requires_grad_()
    assert torch.allclose(head.loss_module.probabilities(scores), torch.tensor(0.5), atol=1e-5)
    head.loss_module(scores, torch.tensor([[0.0], [1.0]])).backward()  # each class once
    assert abs(scores.grad.sum()) < 1e-5


def test_an_unknown_layer_is_named_with_the_known_ones():
    head = LinearClsHead(num_classes=7, in_channels=3, init_cfg=dict(type='mmgb.FitPrior', layer='conv_seg'))
    with pytest.raises(ValueError, match=r"layer='conv_seg': expected a layer of LinearClsHead .* one of \['fc'\]"):
        head.init_weights()


@pytest.mark.parametrize(
    'kind, settings, layer',
    [
        (VisionTransformerClsHead, {}, 'layers.head'),
        (StackedLinearClsHead, dict(mid_channels=[6]), 'layers.1.fc'),
    ],
)
def test_a_layer_inside_another_module_is_found_by_its_path(kind, settings, layer):
    loss = dict(type='mmgb.Pow3GBLoss')
    head = kind(num_classes=7, in_channels=3, loss=loss, init_cfg=init_cfg(layer), **settings)
    head.init_weights()
    expected = head.loss_module.score_of(1 / 7, num_classes=7)
    assert torch.allclose(head.get_submodule(layer).bias, torch.tensor(expected)) and expected != 0
