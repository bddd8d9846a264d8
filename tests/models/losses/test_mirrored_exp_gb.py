"""``MirroredExpGBLoss`` calls ``mirrored_exp_gb_loss``."""

import math

import pytest
import torch
from mmpretrain.registry import MODELS

from mmgb.functional import mirrored_exp_gb_loss
from mmgb.models.losses import MirroredExpGBLoss


def test_equals_its_function():
    torch.manual_seed(0)
    scores, labels = torch.randn(4, 5), torch.tensor([0, 255, 3, 4])
    settings = dict(alpha=0.2, beta=0.1, targets=(-2.0, 6.0))
    loss = MODELS.build(dict(type='mmgb.MirroredExpGBLoss', ignore_index=255, loss_weight=0.3, **settings))
    assert type(loss) is MirroredExpGBLoss
    assert torch.equal(loss(scores, labels), 0.3 * mirrored_exp_gb_loss(scores, labels, ignore_index=255, **settings))


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(beta=math.inf), 'beta=inf'),
        (dict(alpha=0), 'alpha=0: expected a positive number'),
    ],
)
def test_invalid_settings_are_refused_when_built(setting, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type='mmgb.MirroredExpGBLoss', **setting))
