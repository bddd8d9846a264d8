"""``ExpGBLoss`` calls ``exp_gb_loss``."""

import pytest
import torch
from mmpretrain.registry import MODELS

from mmgb.functional import exp_gb_loss
from mmgb.models.losses import ExpGBLoss


def test_equals_its_function():
    torch.manual_seed(0)
    scores, labels = torch.randn(4, 5), torch.tensor([0, 255, 3, 4])
    settings = dict(alpha=0.2, targets=(0.5, 6.0), max_delta=3.0, fused=False)
    loss = MODELS.build(dict(type='mmgb.ExpGBLoss', ignore_index=255, loss_weight=0.3, **settings))
    assert type(loss) is ExpGBLoss
    assert torch.equal(loss(scores, labels), 0.3 * exp_gb_loss(scores, labels, ignore_index=255, **settings))


def test_matched_units_reach_its_function():
    scores, labels = torch.randn(4, 5), torch.tensor([0, 2, 3, 4])
    loss = MODELS.build(dict(type='mmgb.ExpGBLoss', matched=True))
    expected = exp_gb_loss(scores, labels, matched=True)
    assert torch.equal(loss(scores, labels), expected) and expected != exp_gb_loss(scores, labels)


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(targets=(16.0, 0.0)), r'targets=\(16, 0\)'),
        (dict(targets=(-1.0, 16.0)), r'targets=\(-1, 16\).*negative target >= 0'),
        (dict(alpha=0.0), 'alpha=0.0'),
        (dict(max_delta=0), 'max_delta=0'),
    ],
)
def test_invalid_settings_are_refused_when_built(setting, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type='mmgb.ExpGBLoss', **setting))
