"""Smoothed labels: the loss is that of mmpretrain's smoothed class scores, in any units."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmpretrain.models.losses import LabelSmoothLoss

from mmgb.functional import exp_gb_loss, mirrored_exp_gb_loss, pow3_gb_loss, squared_error_loss
from mmgb.functional.errors import ConfigError
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.label_smoothing import MODES
from mmgb.functional.losses.pow3_gb import Pow3GB
from mmgb.models.losses import ExpGBLoss, Pow3GBLoss

FUNCTIONS = [
    (exp_gb_loss, {}),
    (exp_gb_loss, dict(matched=True)),
    (pow3_gb_loss, {}),
    (pow3_gb_loss, dict(matched=True)),
    (pow3_gb_loss, dict(matched=True, max_delta=0.4, class_weight=torch.tensor([1.0, 0.0, 3.0, 0.5, 2.0]))),
    (mirrored_exp_gb_loss, {}),
    (squared_error_loss, {}),
]


def value_and_gradient(loss, scores, *args, **options):
    scores = scores.clone().requires_grad_()
    value = loss(scores, *args, **options)
    return value, *torch.autograd.grad(value, scores)


@pytest.mark.parametrize('fused', [True, False])
@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('loss, options', FUNCTIONS)
@settings(max_examples=10)
@given(smoothing=st.floats(0, 0.45), seed=st.integers(0, 99))
def test_the_loss_of_labels_is_that_of_the_hosts_smoothed_labels(loss, options, mode, fused, smoothing, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = 3 * torch.randn(6, 5, dtype=torch.float64, generator=generator)
    labels = torch.randint(5, (6,), generator=generator)
    host = LabelSmoothLoss(smoothing, 5, mode=mode, use_sigmoid=mode == 'multi_label')
    smoothed = host.smooth_label(torch.eye(5, dtype=torch.float64)[labels])
    if loss in (exp_gb_loss, pow3_gb_loss):
        options = dict(options, fused=fused)
    options = dict(options)
    if 'class_weight' in options:  # the weight of the class, not the mean of the smoothed classes
        options['weight'] = options.pop('class_weight')[labels]
    found = value_and_gradient(loss, scores, labels, label_smooth_val=smoothing, label_smooth_mode=mode, **options)
    expected = value_and_gradient(loss, scores, smoothed, **options)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('loss', [ExpGBLoss, Pow3GBLoss])
def test_in_matched_units_zero_outputs_have_the_gradient_of_cross_entropy(loss):
    scores, labels = torch.zeros(4, 1000, dtype=torch.float64), torch.tensor([0, 5, 999, 5])
    _, expected = value_and_gradient(torch.nn.functional.cross_entropy, scores, labels, label_smoothing=0.1)
    _, found = value_and_gradient(loss(matched=True, label_smooth_val=0.1), scores, labels)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize('matched', [True, False])
@pytest.mark.parametrize('loss', [ExpGBLoss, Pow3GBLoss])
def test_mixed_labels_and_maps_at_full_resolution_are_smoothed_as_well(loss, matched):
    smoothed, plain = (loss(matched=matched, label_smooth_val=value, fused=False) for value in (0.2, 0.0))
    scores = torch.randn(2, 4, 3, 3, dtype=torch.float64)
    mixed = torch.rand(2, 4, 3, 3, dtype=torch.float64)
    mixed = mixed / mixed.sum(1, keepdim=True)
    expected = value_and_gradient(plain, scores, 0.8 * mixed + 0.05)
    torch.testing.assert_close(value_and_gradient(smoothed, scores, mixed), expected, rtol=1e-9, atol=1e-9)
    labels = torch.randint(4, (2, 3, 3))
    found = value_and_gradient(smoothed.of_enlarged, scores, labels)
    # exp-GB's quadrature is exact to a thousandth of the distance of the targets.
    torch.testing.assert_close(found, value_and_gradient(smoothed, scores, labels), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize('matched', [True, False])
@pytest.mark.parametrize('loss', [ExpGBLoss, Pow3GBLoss])
def test_probabilities_are_those_of_the_labels_before_smoothing(loss, matched):
    loss = loss(matched=matched, label_smooth_val=0.1)
    scores = torch.tensor([[loss.score_of(p, num_classes=4) for p in (0.0, 0.1, 0.6, 1.0)]], dtype=torch.float64)
    expected = torch.tensor([[0.0, 0.1, 0.6, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(loss.probabilities(scores), expected, rtol=1e-9, atol=1e-9)
    with pytest.raises(ConfigError, match='^num_classes=None: expected the number of outputs'):
        loss.score_of(0.5)


def test_without_smoothing_the_formula_is_the_same_object():
    formula = ExpGB(0.1, (0.0, 16.0))
    assert all(formula.smoothed(0.0, mode, 7) is formula for mode in MODES)
    assert Pow3GB(0.001, 0.4, (0.0, 10.0)).smoothed(0.1, 'original', 5).targets == pytest.approx((0.2, 9.2))


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(label_smooth_val=1.0), r'^label_smooth_val=1.0: expected a number of at least 0 and below 1 with'),
        (dict(label_smooth_val=-0.1), r'^label_smooth_val=-0.1: expected a number'),
        (dict(label_smooth_val=True), r'^label_smooth_val=True: expected a number'),
        (dict(label_smooth_val=math.nan), r'^label_smooth_val=nan: expected a number'),
        (
            dict(label_smooth_val=0.5, label_smooth_mode='multi_label'),
            r'below 0.5 with label_smooth_mode=.multi_label.',
        ),
        (dict(label_smooth_mode='orginal'), r"^label_smooth_mode='orginal': expected one of 'original'"),
        (
            dict(label_smooth_val=0.1, target_kind='value'),
            r"^label_smooth_val=0.1 with target_kind='value': expected 0",
        ),
    ],
)
def test_invalid_smoothing_is_refused_when_built_and_when_called(options, message):
    with pytest.raises(ConfigError, match=message):
        Pow3GBLoss(**options)
    with pytest.raises(ConfigError, match=message):
        exp_gb_loss(torch.zeros(2, 3), torch.zeros(2, dtype=torch.long), **options)
