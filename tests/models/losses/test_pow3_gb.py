"""``Pow3GBLoss`` calls ``pow3_gb_loss``."""

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmgb.functional import pow3_gb_loss
from mmgb.models.losses import Pow3GBLoss


def test_equals_its_function():
    torch.manual_seed(0)
    scores, labels = torch.randn(4, 5), torch.tensor([0, 255, 3, 4])
    settings = dict(alpha=0.02, beta=0.1, targets=(-2.0, 6.0), max_delta=3.0, fused=False)
    loss = MODELS.build(dict(type='mmgb.Pow3GBLoss', ignore_index=255, loss_weight=0.3, **settings))
    assert type(loss) is Pow3GBLoss
    assert torch.equal(loss(scores, labels), 0.3 * pow3_gb_loss(scores, labels, ignore_index=255, **settings))


def test_matched_units_reach_its_function():
    scores, labels = torch.randn(4, 5), torch.tensor([0, 2, 3, 4])
    loss = MODELS.build(dict(type='mmgb.Pow3GBLoss', matched=True))
    expected = pow3_gb_loss(scores, labels, matched=True)
    assert torch.equal(loss(scores, labels), expected) and expected != pow3_gb_loss(scores, labels)


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(targets=(3.0, 3.0)), r'targets=\(3, 3\)'),
        (dict(alpha=-0.001), 'alpha=-0.001'),
        (dict(beta=math.nan), 'beta=nan'),
    ],
)
def test_invalid_settings_are_refused_when_built(setting, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type='mmgb.Pow3GBLoss', **setting))
