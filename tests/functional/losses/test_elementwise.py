"""The shared evaluation: derivatives, precision, regression targets."""

import pytest
import torch
from helpers.loss_cases import IGNORE, LOSSES, PATHS, WAYS, make_case, paper_delta, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from mmgb.functional import exp_gb_loss, mirrored_exp_gb_loss


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('soft', [False, True], ids=['labels', 'class scores'])
@pytest.mark.parametrize('weighted', [False, True])
@pytest.mark.parametrize('class_weighted', [False, True])
@pytest.mark.parametrize('reduction', ['mean', 'sum', 'none'])
def test_gradient_is_the_derivative_of_the_value(loss, setting, soft, weighted, class_weighted, reduction):
    scores, target, weight, class_weight = make_case(0, soft, (2, 3, 2, 2))

    def scaled(x):  # an upstream gradient other than 1
        value = loss(
            x,
            target,
            ignore_index=IGNORE,
            reduction=reduction,
            weight=weight if weighted else None,
            class_weight=class_weight if class_weighted else None,
            **setting,
        )
        return -2.5 * value * torch.arange(1.0, value.numel() + 1, dtype=value.dtype).view_as(value)

    assert gradcheck(scaled, scores)
    assert gradgradcheck(scaled, scores)


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_losses_are_scaled_before_they_are_summed(loss, setting):
    x = 80.0 if loss is exp_gb_loss else 1e9
    scores = torch.full((1, 2, 1024, 1024), x)
    assert torch.isfinite(loss(scores, torch.zeros(1, 1024, 1024, dtype=torch.long), **setting))


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('loss, setting', LOSSES)
def test_half_precision_scores_are_computed_in_float32(loss, setting, dtype):
    scores, labels, _, _ = make_case(5)
    half = scores.detach().to(dtype).requires_grad_()
    value = loss(half, labels, ignore_index=IGNORE, **setting)
    value.backward()
    single = half.detach().float().requires_grad_()
    expected = loss(single, labels, ignore_index=IGNORE, **setting)
    expected.backward()
    assert value.dtype == torch.float32 and value == expected
    assert torch.equal(half.grad, single.grad.to(dtype))


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused', [False, True])
def test_real_valued_targets_are_used_unchanged(loss, setting, fused):
    torch.manual_seed(0)
    values = torch.rand(6, 3) * 40 - (0 if loss is exp_gb_loss else 20)
    scores = torch.randn(6, 3, requires_grad=True)
    loss(scores, values, target_kind='value', reduction='sum', fused=fused, **setting).backward()
    assert torch.allclose(scores.grad, paper_delta(loss, scores.detach(), values), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused', [True, False])
@pytest.mark.parametrize('score', [-80.0, 80.0])
def test_scores_up_to_80_averaged_over_a_million_pixels_give_finite_losses(loss, setting, fused, score):
    scores = torch.full((1, 2, 1000, 1000), score, requires_grad=True)
    value = loss(scores, torch.zeros(1, 1000, 1000, dtype=torch.long), fused=fused, **setting)
    value.backward()
    assert torch.isfinite(value) and torch.isfinite(scores.grad).all()


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused', [True, False])
@pytest.mark.parametrize('shape', [(0, 3), (0, 3, 4, 5), (2, 3, 0, 5)])
def test_an_empty_batch_has_zero_loss_and_an_empty_gradient(loss, setting, fused, shape):
    scores = torch.zeros(shape, requires_grad=True)
    labels = torch.zeros(shape[:1] + shape[2:], dtype=torch.long)
    value = loss(scores, labels, fused=fused, **setting)
    value.backward()
    assert value == 0 and scores.grad.shape == shape
    assert loss(scores, torch.zeros(shape), fused=fused, **setting) == 0


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused, way', WAYS)
@pytest.mark.parametrize('options', [dict(ignore_index=IGNORE), dict(weight=torch.tensor([1.0, 0.0]))])
@pytest.mark.parametrize('anything', [float('inf'), float('-inf'), float('nan')])
def test_scores_of_ignored_and_zero_weight_samples_have_no_effect(loss, setting, fused, way, options, anything):
    scores = torch.tensor([[1.0, 2.0, 3.0], [1.0, anything, 2.0]], requires_grad=True)
    labels = torch.tensor([2, IGNORE if 'ignore_index' in options else 1])
    with way():
        value = loss(scores, labels, fused=fused, reduction='sum', **options, **setting)
    value.backward()
    assert torch.allclose(value, loss(scores[:1], labels[:1], reduction='sum', **setting))
    assert scores.grad[0].all() and not scores.grad[1].any()


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused, way', WAYS)
@pytest.mark.parametrize('anything', [float('inf'), float('nan')])
def test_other_non_finite_scores_make_the_loss_non_finite(loss, setting, fused, way, anything):
    for position in ((0, 0), (0, 1)):
        scores = torch.randn(2, 3)
        scores[position] = anything
        with way():
            value = loss(scores.requires_grad_(), torch.tensor([0, 1]), fused=fused, **setting)
        assert not torch.isfinite(value)


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('loss', [exp_gb_loss, mirrored_exp_gb_loss])
@settings(max_examples=60)
@given(
    size=st.floats(80, 100) | st.floats(700, 720),
    sign=st.sampled_from([1, -1]),
    soft=st.sampled_from([None, 1.0, 0.3, 1e-3, 1e-6]),
    alpha=st.sampled_from([0.1, 0.01, 1.0, 1e-6, 30.0]),
    images=st.sampled_from([1, 100]),
    at_target=st.booleans(),
)
def test_value_and_gradient_overflow_together(path, loss, size, sign, soft, alpha, images, at_target):
    scores = torch.zeros(images, 3)
    scores[0, 1 if at_target else 0] = sign * size
    target = torch.ones(images, dtype=torch.long)
    if soft is not None:
        target = torch.zeros(images, 3).index_fill(1, torch.tensor([1]), soft)
    value, gradient = value_and_gradient(path, loss, scores, target, alpha=alpha)
    assert not value.isnan() and not gradient.isnan().any()
    assert value.isfinite() == gradient.isfinite().all()
    assert size > (705 if path == 'float64' else 85) or value.isfinite()


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('target', [torch.tensor([1]), torch.tensor([[0.0, 1e-3, 0.0]])])
def test_a_bounded_delta_never_overflows(path, target):
    scores = torch.tensor([[0.0, 1e4, 0.0]])
    value, gradient = value_and_gradient(path, exp_gb_loss, scores, target, max_delta=5.0)
    assert value.isfinite() and gradient[0, 1] == 5
