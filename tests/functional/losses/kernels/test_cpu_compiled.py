"""The compiled loops equal the differentiable formula."""

import dataclasses
from contextlib import nullcontext

import pytest
import torch
from helpers.loss_cases import IGNORE, LOSSES, assert_equals_the_formula, compiled_passes, is_fused, lay_out
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional import exp_gb_loss, pow3_gb_loss
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.kernels.cpu_compiled import pass_of
from mmgb.functional.losses.pow3_gb import Pow3GB
from mmgb.functional.losses.targets import LABEL_TYPES


@pytest.mark.parametrize(
    'formula, covered',
    [
        (ExpGB(0.1, (0.0, 16.0)), True),
        (ExpGB(0.1, (0.5, 16.0)), False),
        (ExpGB(0.1, (0.0, 16.0), max_delta=3.0), True),
        (ExpGB(0.1, (0.5, 16.0), max_delta=3.0), False),
        (Pow3GB(0.001, 0.4, (-2.0, 10.0)), True),
        (Pow3GB(0.001, 0.4, (-2.0, 10.0), max_delta=3.0), True),
    ],
)
def test_loops_cover_pow3_gb_and_exp_gb_with_negative_target_zero(formula, covered):
    assert pass_of(formula).covers(formula) is covered
    assert (pass_of(formula) is pass_of(dataclasses.replace(formula, max_delta=None))) == (formula.max_delta is None)


@pytest.mark.slow
@pytest.mark.parametrize('loss, setting', LOSSES)
@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**31),
    spread=st.sampled_from([0.1, 3.0, 12.0]),
    ignored=st.sampled_from([0.0, 0.3, 1.0]),
    shape=st.sampled_from([(70, 40), (3, 1000), (2, 5, 7), (3, 21, 9, 8), (2, 3, 2, 3, 2)]),
    layout=st.sampled_from(['contiguous', 'channels last', 'every second']),
    weighted=st.booleans(),
    reduction=st.sampled_from(['mean', 'sum', 'none']),
    other_setting=st.booleans(),
)
def test_compiled_equals_the_formula(
    loss, setting, seed, spread, ignored, shape, layout, weighted, reduction, other_setting
):
    generator = torch.Generator().manual_seed(seed)
    of_samples = shape[:1] + shape[2:]
    scores = lay_out(torch.randn(shape, generator=generator) * spread, layout)
    labels = torch.randint(shape[1], of_samples, generator=generator)
    labels[torch.rand(of_samples, generator=generator) < ignored] = 10 * IGNORE
    options = dict(reduction=reduction, ignore_index=10 * IGNORE)
    if weighted:
        options.update(
            weight=torch.rand(of_samples, generator=generator), class_weight=torch.rand(shape[1], generator=generator)
        )
    if other_setting:
        setting = setting | dict(alpha=0.03, max_delta=2.0)
    with compiled_passes() as calls:
        assert_equals_the_formula(loss, setting, scores, labels, options, generator)
    assert [call is not None for call in calls] == [True] * (reduction != 'none' and layout != 'every second')


@pytest.mark.slow
@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize(
    'soft, way',
    [(False, nullcontext), (True, nullcontext), (False, compiled_passes)],
    ids=['labels', 'class scores', 'labels, compiled'],
)
@settings(max_examples=50)
@given(seed=st.integers(0, 2**31), log_distance=st.floats(-6, 0))
def test_value_is_accurate_near_the_fit(loss, setting, soft, way, seed, log_distance):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(6, (50,), generator=generator)
    target = torch.rand(50, 6, generator=generator) if soft else labels
    share = target if soft else torch.nn.functional.one_hot(labels, 6)
    negative, positive = setting['targets']
    t = (negative + (positive - negative) * share.float()).double()
    if loss is exp_gb_loss:
        fit = (t / setting['alpha']).log().clamp(min=-30)
    else:
        fit = (t - setting['beta']) / setting['alpha']
        fit = fit.sign() * fit.abs() ** (1 / 3)
    scores = (fit + 10**log_distance * torch.randn(50, 6, generator=generator)).float()
    # The reference in float64 uses the float32 targets of the loss.
    if loss is exp_gb_loss:
        distance = scores.double() - (t / setting['alpha']).log()
        exact = torch.where(t > 0, t * (distance.expm1() - distance), setting['alpha'] * scores.double().exp())
    else:
        squares = (scores + fit) ** 2 + 2 * fit**2
        exact = setting['alpha'] / 4 * (scores - fit) ** 2 * squares
    with way():
        value = loss(scores.requires_grad_(), target, reduction='sum', **setting)
    assert is_fused(value)
    assert abs(value.item() - exact.sum().item()) <= 1e-6 * exact.sum().item()


@pytest.mark.slow
@pytest.mark.parametrize('way', [nullcontext, compiled_passes], ids=['eager', 'compiled'])
@pytest.mark.parametrize('negative', [0.4, 0.4 + 1e-13, 0.3999])
def test_pow3_is_accurate_where_the_wrong_classes_fit_is_near_zero(negative, way):
    scores, labels = torch.randn(50, 6), torch.randint(6, (50,))
    setting = dict(alpha=0.001, beta=0.4, targets=(negative, 10.0))
    single, double = scores.requires_grad_(), scores.detach().double().requires_grad_()
    with way():
        value = pow3_gb_loss(single, labels, **setting)
    expected = pow3_gb_loss(double, labels, fused=False, **setting)
    value.backward()
    expected.backward()
    assert is_fused(value) and abs(value.item() - expected.item()) <= 1e-6 * expected.item()
    assert torch.allclose(single.grad.double(), double.grad, rtol=1e-5, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize('loss, setting', LOSSES)
def test_labels_of_all_integer_types_share_one_compiled_loop(loss, setting):
    scores, labels = torch.randn(2, 5, 7), torch.randint(5, (2, 7))
    with compiled_passes() as calls:
        values = [loss(scores.requires_grad_(), labels.to(dtype), **setting) for dtype in LABEL_TYPES]
    assert len(calls) == len(LABEL_TYPES) and None not in calls
    assert len({value.item() for value in values}) == 1
