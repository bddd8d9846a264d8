"""The registered losses of enlarged scores."""

import pytest
import torch
import torch.nn.functional as F
from helpers.enlarged_cases import value_and_gradient
from mmengine.registry import MODELS, DefaultScope

from mmgb.functional.errors import ConfigError
from mmgb.models.heads.enlarged_losses import check_loss, enlarged_loss

WEIGHTS = [0.5, 2.0, 0.0, 1.0]


def build(**config):
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(config).double()


def case():
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(4, (2, 20, 28), generator=generator)
    labels[:, 5:8, 3:20] = 255
    return torch.randn(2, 4, 5, 7, generator=generator, dtype=torch.float64) * 3, labels


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(
    'config',
    [
        dict(type='CrossEntropyLoss'),
        dict(type='CrossEntropyLoss', avg_non_ignore=True, loss_weight=0.4),
        dict(type='CrossEntropyLoss', class_weight=WEIGHTS),
        dict(type='CrossEntropyLoss', reduction='sum', class_weight=WEIGHTS),
        dict(type='mmgb.Pow3GBLoss', avg_non_ignore=False, loss_weight=0.4),
        dict(type='mmgb.Pow3GBLoss', class_weight=WEIGHTS),
        dict(type='mmgb.Pow3GBLoss', matched=True),
        dict(type='mmgb.Pow3GBLoss', max_delta=2.0),
        dict(type='mmgb.ExpGBLoss', matched=True),
        dict(type='mmgb.SquaredErrorLoss', activation='sigmoid'),
        dict(type='mmgb.MirroredExpGBLoss'),
        dict(type='mmgb.SquentropyLoss', class_weight=WEIGHTS),
    ],
    ids=str,
)
def test_a_loss_is_that_of_the_enlarged_scores(config, align_corners):
    loss, (scores, labels) = build(**config), case()
    check_loss(loss)
    value, gradient = value_and_gradient(
        lambda x: enlarged_loss(loss, x, labels, align_corners=align_corners, ignore_index=255), scores
    )
    expected, slope = value_and_gradient(
        lambda x: loss(
            F.interpolate(x, (20, 28), mode='bilinear', align_corners=align_corners), labels, ignore_index=255
        ),
        scores,
    )
    tolerance = 1e-3 if config['type'] == 'mmgb.ExpGBLoss' else 1e-6
    torch.testing.assert_close(value, expected, rtol=tolerance, atol=0)
    torch.testing.assert_close(gradient, slope, rtol=0, atol=tolerance * slope.abs().max().item())


def test_an_image_without_valid_pixels_has_no_loss():
    scores, labels = case()
    labels[:] = 255
    for config in (dict(type='CrossEntropyLoss', avg_non_ignore=True), dict(type='mmgb.Pow3GBLoss')):
        loss = build(**config)
        assert enlarged_loss(loss, scores, labels, align_corners=False, ignore_index=255) == 0


@pytest.mark.parametrize(
    'config, message',
    [
        (dict(type='DiceLoss'), "^loss_decode.type='DiceLoss': expected a loss of mmgb or CrossEntropyLoss"),
        (dict(type='CrossEntropyLoss', use_sigmoid=True), "^loss_decode.type='CrossEntropyLoss': .* without sigmoids"),
        (dict(type='mmgb.Pow3GBLoss', reduction='none'), "^loss_decode.reduction='none': expected 'mean' or 'sum'"),
    ],
)
def test_other_losses_are_refused_by_name(config, message):
    with pytest.raises(ConfigError, match=message):
        check_loss(build(**config))
