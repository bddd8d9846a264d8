"""exp-GB and pow3-GB against their definition: the error delta of the paper, and the integral of it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck, gradgradcheck

from mmgb.functional import exp_gb_loss, pow3_gb_loss
from mmgb.functional.losses.formula import exp_gb_potential, pow3_gb_potential

IGNORE = 255
EXP = dict(alpha=0.1, targets=(0.0, 16.0))
POW3 = dict(alpha=0.001, beta=0.4, targets=(-2.0, 10.0))
LOSSES = [pytest.param(exp_gb_loss, EXP, id='exp'), pytest.param(pow3_gb_loss, POW3, id='pow3')]


def paper_delta(loss, x, t):
    """Sections 2.1 and 2.2, written out once more."""
    if loss is exp_gb_loss:
        return EXP['alpha'] * torch.exp(x) - t
    return POW3['alpha'] * x * x * x + POW3['beta'] - t


def make_case(seed, soft=False, shape=(2, 5, 3, 4)):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(shape, generator=generator, dtype=torch.float64) * 3
    labels = torch.randint(shape[1], shape[:1] + shape[2:], generator=generator)
    labels[0, 0, 0] = IGNORE
    target = torch.rand(shape, generator=generator, dtype=torch.float64) if soft else labels
    weight = torch.rand(shape[:1] + shape[2:], generator=generator, dtype=torch.float64) + 0.5
    class_weight = torch.rand(shape[1], generator=generator, dtype=torch.float64) + 0.5
    return scores.requires_grad_(), target, weight, class_weight


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
@pytest.mark.parametrize('avg_non_ignore', [True, False])
@pytest.mark.parametrize('avg_factor', [None, 7.0])
@pytest.mark.parametrize('class_weighted', [False, True])
def test_gradient_is_the_papers_delta_averaged_as_documented(loss, setting, avg_non_ignore, avg_factor, class_weighted):
    scores, labels, weight, class_weight = make_case(1)
    if not class_weighted:
        class_weight = None
    negative, positive = setting['targets']
    loss(
        scores,
        labels,
        weight=weight,
        class_weight=class_weight,
        ignore_index=IGNORE,
        avg_non_ignore=avg_non_ignore,
        avg_factor=avg_factor,
        **setting,
    ).backward()

    expected = torch.zeros_like(scores)
    divisor = 0.0
    for n, i, j in torch.cartesian_prod(*(torch.arange(s) for s in labels.shape)).tolist():
        label = labels[n, i, j].item()
        if label == IGNORE:
            divisor += 0.0 if avg_non_ignore or class_weighted else 1.0  # an ignored pixel has no class to weigh it by
            continue
        of_class = class_weight[label].item() if class_weighted else 1.0
        divisor += of_class
        for c in range(scores.shape[1]):
            t = torch.tensor(positive if c == label else negative, dtype=torch.float64)
            expected[n, c, i, j] = paper_delta(loss, scores[n, c, i, j].detach(), t) * weight[n, i, j] * of_class
    assert torch.allclose(scores.grad, expected / (avg_factor or divisor), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_class_scores_interpolate_between_the_targets(loss, setting):
    scores, shares, _, _ = make_case(2, soft=True)
    negative, positive = setting['targets']
    loss(scores, shares, reduction='sum', **setting).backward()
    expected = paper_delta(loss, scores.detach(), negative + (positive - negative) * shares)
    assert torch.allclose(scores.grad, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_one_hot_class_scores_equal_labels(loss, setting):
    scores, labels, weight, class_weight = make_case(3)
    labels = labels.masked_fill(labels == IGNORE, 0)
    one_hot = torch.nn.functional.one_hot(labels, scores.shape[1]).movedim(-1, 1).double()
    options = dict(weight=weight, class_weight=class_weight, **setting)
    assert torch.allclose(loss(scores, labels, **options), loss(scores, one_hot, **options), rtol=1e-14)


def exact_value(loss, setting, x, t):
    """The potential as the integral of the paper's delta from the fit: an independent reference."""
    if loss is exp_gb_loss:
        if t == 0:
            return setting['alpha'] * math.exp(x)
        fit = math.log(t / setting['alpha'])
    else:
        cube = (t - setting['beta']) / setting['alpha']
        fit = math.copysign(abs(cube) ** (1 / 3), cube)
    # Gauss-Legendre with 40 nodes is exact to rounding for these smooth integrands on short intervals.
    nodes, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(40))
    middle, half = (x + fit) / 2, (x - fit) / 2
    return (paper_delta(loss, middle + half * nodes, t) * weights).sum().item() * half


@pytest.mark.parametrize('loss, setting', LOSSES)
@settings(max_examples=200, deadline=None)
@given(x=st.floats(-12, 12), share=st.floats(0, 1))
def test_value_is_the_integral_of_the_delta_from_the_perfect_fit(loss, setting, x, share):
    negative, positive = setting['targets']
    scores = torch.tensor([[x]], dtype=torch.float64)
    value = loss(scores, torch.tensor([[share]], dtype=torch.float64), **setting).item()
    assert value >= 0
    t = negative + (positive - negative) * share
    if t > 1e-6 or loss is pow3_gb_loss:
        assert value == pytest.approx(exact_value(loss, setting, x, t), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_value_is_zero_at_the_perfect_fit_and_positive_beside_it(loss, setting, dtype):
    positive = setting['targets'][1]
    if loss is exp_gb_loss:
        fit = math.log(positive / setting['alpha'])
    else:
        fit = ((positive - setting['beta']) / setting['alpha']) ** (1 / 3)
    target = torch.ones(1, 1, dtype=dtype)
    spacing = torch.finfo(dtype).eps * fit  # the fit isn't a floating point number: it's missed by half of that
    assert loss(torch.tensor([[fit]], dtype=dtype), target, **setting).item() <= positive * spacing**2
    for distance in (1e-3, 1e-2, 0.1, 1.0, 10.0):
        for sign in (-1, 1):
            assert loss(torch.tensor([[fit + sign * distance]], dtype=dtype), target, **setting).item() > 0


@pytest.mark.parametrize(
    'potential, setting, negative, positive',
    [(exp_gb_potential, dict(alpha=0.1), 0.0, 16.0), (pow3_gb_potential, dict(alpha=0.001, beta=0.4), -2.0, 10.0)],
)
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**31), log_distance=st.floats(-6, 1))
def test_float32_is_accurate_also_near_the_fit(potential, setting, negative, positive, seed, log_distance):
    generator = torch.Generator().manual_seed(seed)
    t = negative + (positive - negative) * torch.rand(64, generator=generator).clamp(min=0.01)
    t = t.double()
    if potential is exp_gb_potential:
        fit = (t / setting['alpha']).log()
    else:
        cube = (t - setting['beta']) / setting['alpha']
        fit = cube.sign() * cube.abs() ** (1 / 3)
    x = (fit + 10**log_distance * torch.randn(64, generator=generator)).float()
    t32 = t.float()
    value = potential(x, t32, **setting).double().sum()
    reference = potential(x.double(), t32.double(), **setting).sum()
    assert abs(value - reference) <= 1e-6 * reference


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('reduction', ['mean', 'sum'])
@pytest.mark.parametrize('at_ignored', [0.0, float('inf'), float('nan')])
def test_batch_of_ignored_pixels_gives_loss_zero_and_zero_gradients(loss, setting, reduction, at_ignored):
    scores = torch.full((2, 3, 4, 4), at_ignored, requires_grad=True)
    value = loss(scores, torch.full((2, 4, 4), IGNORE), ignore_index=IGNORE, reduction=reduction, **setting)
    value.backward()
    assert value.item() == 0
    assert torch.equal(scores.grad, torch.zeros_like(scores))


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_large_sums_are_scaled_before_they_are_summed(loss, setting):
    x = 80.0 if loss is exp_gb_loss else 1e9
    scores = torch.full((1, 2, 1024, 1024), x)
    assert torch.isfinite(loss(scores, torch.zeros(1, 1024, 1024, dtype=torch.long), **setting))


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('soft', [False, True], ids=['labels', 'class scores'])
@pytest.mark.parametrize('max_delta', [0.5, 5.0, 20.0])
def test_max_delta_clips_the_delta_and_the_value_stays_its_integral(loss, setting, soft, max_delta):
    scores, target, _, _ = make_case(6, soft)
    with torch.no_grad():
        scores[:, 0] *= 10  # beyond the bound on both sides
    options = dict(ignore_index=None if soft else IGNORE, reduction='sum', **setting)
    (free,) = torch.autograd.grad(loss(scores, target, **options), scores)
    (clipped,) = torch.autograd.grad(loss(scores, target, max_delta=max_delta, **options), scores)
    assert free.abs().max() > max_delta
    assert torch.allclose(clipped, free.clamp(-max_delta, max_delta), rtol=1e-12, atol=1e-12)
    assert gradcheck(lambda x: loss(x, target, max_delta=max_delta, **options), scores)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused', [False, True])
def test_max_delta_keeps_the_loss_of_enormous_scores_finite(loss, setting, fused):
    scores = torch.tensor([[1e6, 5e9, -1e9], [3e9, 1.0, -7e9]], requires_grad=True)
    value = loss(scores, torch.tensor([0, 1]), max_delta=2.0, fused=fused, **setting)
    value.backward()
    assert torch.isfinite(value) and scores.grad.abs().max() == 1  # 2, averaged over two samples


def test_a_single_output_takes_class_scores():
    scores = torch.tensor([[0.5], [2.0]], dtype=torch.float64, requires_grad=True)
    exp_gb_loss(scores, torch.tensor([[0.0], [1.0]]), reduction='sum', **EXP).backward()
    assert torch.allclose(scores.grad, 0.1 * scores.detach().exp() - torch.tensor([[0.0], [16.0]]), rtol=1e-12)


def test_exp_gb_is_the_generalised_kullback_leibler_divergence():
    scores, shares, _, _ = make_case(4, soft=True)
    t = 16 * shares
    y = 0.1 * scores.detach().exp()
    expected = (t * (t / y).log() - t + y).sum()
    assert torch.allclose(exp_gb_loss(scores, shares, reduction='sum', **EXP), expected, rtol=1e-12)


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


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda x, y: exp_gb_loss(x, y, targets=(16, 0)), r'targets=\(16, 0\).*must be the larger'),
        (lambda x, y: exp_gb_loss(x, y, targets=(4, 4)), r'targets=\(4, 4\).*must be the larger'),
        (lambda x, y: pow3_gb_loss(x, y, targets=(10, -2)), r'targets=\(10, -2\).*must be the larger'),
        (lambda x, y: exp_gb_loss(x, y, targets=(-1, 16)), r'targets=\(-1, 16\).*negative target >= 0'),
        (lambda x, y: exp_gb_loss(x, y, targets=16.0), r'targets=16.0: expected two numbers'),
        (lambda x, y: exp_gb_loss(x, y, alpha=0), r'alpha=0: expected a positive number'),
        (lambda x, y: pow3_gb_loss(x, y, alpha=-1.0), r'alpha=-1.0: expected a positive number'),
        (lambda x, y: pow3_gb_loss(x, y, beta=math.nan), r'beta=nan: expected a finite number'),
        (lambda x, y: exp_gb_loss(x, y + 3), r'label \d lies outside the classes 0..2 and is not ignore_index=None'),
        (lambda x, y: exp_gb_loss(x, y - 3, ignore_index=255), r'label -\d lies outside the classes 0..2'),
        (lambda x, y: exp_gb_loss(x, y[:3]), r'target of shape \(3,\) fits scores of shape \(4, 3\) neither'),
        (lambda x, y: exp_gb_loss(x, y.float()), r'labels of type torch.float32: expected integers'),
        (lambda x, y: exp_gb_loss(x, x.abs() + 2), r'class score .* lies outside \[0, 1\]'),
        (lambda x, y: exp_gb_loss(x, x.abs() - 2), r'class score -.* lies outside \[0, 1\]'),
        (lambda x, y: exp_gb_loss(x, x * math.nan), r'class score nan lies outside \[0, 1\]'),
        (lambda x, y: exp_gb_loss(x.long(), y), r'scores of type torch.int64: expected floating ones'),
        (lambda x, y: exp_gb_loss(x[:, :1], 0 * y), r'scores of shape \(4, 1\): labels need at least two classes'),
        (lambda x, y: exp_gb_loss(x, y, max_delta=0), r'max_delta=0: expected a positive number'),
        (lambda x, y: pow3_gb_loss(x, y, max_delta=math.inf), r'max_delta=inf: expected a positive number'),
        (lambda x, y: exp_gb_loss(x[0], y), r'scores of shape \(3,\): expected \(N, C\)'),
        (lambda x, y: exp_gb_loss(x, y, reduction='average'), r"reduction='average': expected 'mean', 'sum' or 'none'"),
        (lambda x, y: exp_gb_loss(x, y, reduction='sum', avg_factor=3), r'avg_factor=3.*isn\'t averaged'),
        (lambda x, y: exp_gb_loss(x, y, class_weight=torch.ones(4)), r'class_weight of shape \(4,\).* the 3 classes'),
    ],
)
def test_bad_input_is_named_in_one_sentence(call, message):
    scores = torch.linspace(-1, 1, 12).view(4, 3)
    with pytest.raises(ValueError, match=message) as error:
        call(scores, torch.tensor([0, 1, 2, 0]))
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused', [False, True])
def test_real_valued_targets_are_taken_as_they_are(loss, setting, fused):
    torch.manual_seed(0)
    values = torch.rand(6, 3) * 40 - (0 if loss is exp_gb_loss else 20)
    scores = torch.randn(6, 3, requires_grad=True)
    loss(scores, values, target_kind='value', reduction='sum', fused=fused, **setting).backward()
    assert torch.allclose(scores.grad, paper_delta(loss, scores.detach(), values), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    'call, message',
    [
        (lambda x: exp_gb_loss(x, x - 9, target_kind='value'), r'target value -\d.* range of this loss, 0 to inf'),
        (lambda x: pow3_gb_loss(x, x * math.inf, target_kind='value'), r'target value .* is not a number in the range'),
        (
            lambda x: pow3_gb_loss(x, x[:1], target_kind='value'),
            r'target of shape \(1, 3\).* expected the scores. shape',
        ),
        (lambda x: pow3_gb_loss(x, x, target_kind='real'), r"target_kind='real': expected 'class' or 'value'"),
    ],
)
def test_bad_real_valued_targets_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(torch.ones(2, 3))
