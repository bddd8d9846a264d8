"""``SquaredErrorLoss`` calls ``squared_error_loss``."""

import pytest
import torch
from mmpretrain.registry import MODELS

from mmgb.functional import squared_error_loss
from mmgb.models.losses import SquaredErrorLoss


def test_equals_its_function():
    torch.manual_seed(0)
    scores, labels = torch.randn(4, 5), torch.tensor([0, 255, 3, 4])
    settings = dict(activation='tanh', targets='symmetric')
    loss = MODELS.build(dict(type='mmgb.SquaredErrorLoss', ignore_index=255, loss_weight=0.3, **settings))
    assert type(loss) is SquaredErrorLoss
    assert torch.equal(loss(scores, labels), 0.3 * squared_error_loss(scores, labels, ignore_index=255, **settings))


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(activation='relu'), "activation='relu'"),
        (dict(targets='max_curvature'), "targets='max_curvature'"),
    ],
)
def test_invalid_settings_are_refused_when_built(setting, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type='mmgb.SquaredErrorLoss', **setting))
