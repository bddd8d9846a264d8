"""Elementwise losses of enlarged scores without the enlarged scores."""

import math

import pytest
import torch
import torch.nn.functional as F
from helpers.enlarged_cases import IGNORE, LargestTensor, cases, enlarge, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional import ConfigError, upsampled_loss
from mmgb.functional.full_resolution import loss as loss_module
from mmgb.functional.losses.elementwise import elementwise_loss
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.mirrored_exp_gb import MirroredExpGB
from mmgb.functional.losses.pow3_gb import Pow3GB
from mmgb.functional.losses.squared_error import SquaredError

POW3 = Pow3GB(0.001, 0.4, (-2.0, 10.0))
EXP = ExpGB(0.1, (0.0, 16.0))


def one_hot(labels, classes):
    """Return one-hot labels (N, C, H, W), 0 where ignored."""
    return F.one_hot(labels.masked_fill(labels == IGNORE, classes), classes + 1)[..., :classes].movedim(-1, 1).double()


def pow3_terms(x, labels):
    """Return the terms of pow3-GB with the settings above, the textbook quartic and its constant apart."""
    t = -2.0 + 12.0 * one_hot(labels, x.shape[1])
    fit = ((t - 0.4).abs() / 0.001) ** (1 / 3) * (t - 0.4).sign()
    return 0.001 / 4 * x**4, (0.4 - t) * x, -(0.001 / 4 * fit**4 + (0.4 - t) * fit)


def relative_error(found, expected):
    return (found - expected).abs().max() / expected.abs().max().clamp(min=1e-30)


@settings(max_examples=60)
@given(cases(scale=12.0), st.sampled_from([torch.float32, torch.float64]), st.booleans())
def test_pow3_gb_is_that_of_the_enlarged_scores(case, dtype, with_class_weight):
    scores, valid = case.scores.to(dtype), (case.labels != IGNORE).double()
    class_weight = torch.linspace(0, 2, scores.shape[1], dtype=torch.float64) if with_class_weight else None
    weight = valid
    if with_class_weight:
        weight = valid * class_weight[case.labels.masked_fill(valid == 0, 0)]

    def loss(x):
        return upsampled_loss(
            x,
            case.labels,
            POW3,
            align_corners=case.align_corners,
            ignore_index=IGNORE,
            class_weight=class_weight,
        )

    def reference(x):
        total = weight.sum()
        return (sum(pow3_terms(enlarge(x, case), case.labels)) * weight.unsqueeze(1)).sum() / (total if total else 1)

    value, gradient = value_and_gradient(loss, scores)
    expected, slope = value_and_gradient(reference, scores.double())
    single = dtype == torch.float32
    magnitude = sum(term.abs() for term in pow3_terms(enlarge(scores.double(), case), case.labels))
    magnitude = (magnitude * weight.unsqueeze(1)).sum() / weight.sum().clamp(min=1e-30)
    assert abs(value - expected) <= (1e-6 if single else 1e-12) * magnitude
    assert relative_error(gradient, slope) <= (1e-5 if single else 1e-12)


def reached_pixels(case):
    """Return the number of pixels that each sample contributes to, (h, w)."""
    reached = []
    for low, high in zip(case.scores.shape[2:], case.size):
        one_each = torch.eye(low).view(1, low, 1, low)
        shares = F.interpolate(one_each, (1, high), mode='bilinear', align_corners=case.align_corners)
        reached.append((shares > 0).sum(-1).flatten())
    rows, columns = reached
    return rows.unsqueeze(1) * columns


@settings(max_examples=40)
@given(cases(scale=5.0))
def test_exp_gb_keeps_its_bound_on_white_noise(case):
    """The mean error delta of a cell is off by at most 0.001 of the distance of the targets."""

    def reference(x):
        t = 16 * one_hot(case.labels, x.shape[1])
        valid = (case.labels != IGNORE).unsqueeze(1)
        return ((0.1 * enlarge(x, case).exp() - t * enlarge(x, case)) * valid).sum()

    _, gradient = value_and_gradient(
        lambda x: upsampled_loss(
            x, case.labels, EXP, align_corners=case.align_corners, ignore_index=IGNORE, reduction='sum'
        ),
        case.scores,
    )
    _, slope = value_and_gradient(reference, case.scores)
    assert torch.all((gradient - slope).abs() <= 1e-3 * 16 * reached_pixels(case) + 1e-9 * slope.abs())


def clipped_pow3(x, t, alpha, beta, shift, bound):
    """Return pow3-GB's potential, continued along its tangents where its delta exceeds the bound."""

    def root(boosted):
        return math.copysign((abs(boosted - beta) / alpha) ** (1 / 3), boosted - beta) - shift

    def integral(u):
        return alpha / 4 * (u + shift) ** 4 + (beta - t) * u

    inside = x.clamp(root(t - bound), root(t + bound))
    return integral(inside) - integral(root(t)) + bound * (x - inside).abs()


def clipped_exp(x, t, alpha, bound):
    """Return exp-GB's potential of a target above 0, continued along its tangents."""
    high = math.log((t + bound) / alpha)
    low = math.log((t - bound) / alpha) if t > bound else -math.inf
    inside = x.clamp(low, high)
    at_fit = t - t * math.log(t / alpha)
    return alpha * inside.exp() - t * inside - at_fit + bound * (x - inside).abs()


@settings(max_examples=60)
@given(
    cases(scale=12.0),
    st.sampled_from([torch.float32, torch.float64]),
    st.sampled_from(['matched pow3-GB', 'pow3-GB', 'exp-GB']),
    st.floats(0.5, 3),
)
def test_clipped_losses_are_those_of_the_enlarged_scores(case, dtype, kind, bound):
    """Matched pow3-GB clips the label's delta wherever the label's score is below the fit of a wrong class."""
    scores, valid = case.scores.to(dtype), (case.labels != IGNORE).double()
    classes = scores.shape[1]
    if kind == 'exp-GB':
        scores, formula = scores / 4, ExpGB(0.1, (0.5, 2.5), bound)
        right, wrong = (lambda x, t=t: clipped_exp(x, t, 0.1, bound) for t in (2.5, 0.5))
    else:
        formula = Pow3GB(0.01, 0.4, (0.0, 4.0), bound)
        if kind == 'matched pow3-GB':
            formula = Pow3GB(0.001, 0.0, (0.0, 10.0), bound).matched(classes)
        negative, positive = formula.targets
        numbers = formula.alpha, formula.beta, formula.shift, bound
        right, wrong = (lambda x, t=t: clipped_pow3(x, t, *numbers) for t in (positive, negative))

    def reference(x):
        enlarged, hot = enlarge(x, case), one_hot(case.labels, classes)
        pixels = (wrong(enlarged) * (1 - hot) + right(enlarged) * hot).sum(1)
        return (pixels * valid).sum() / valid.sum().clamp(min=1)

    value, gradient = value_and_gradient(
        lambda x: upsampled_loss(x, case.labels, formula, align_corners=case.align_corners, ignore_index=IGNORE),
        scores,
    )
    expected, slope = value_and_gradient(reference, scores.double())
    single = dtype == torch.float32
    share = reached_pixels(case) / valid.sum().clamp(min=1)  # of a sample's pixels in the mean
    rounding = 1e-6 if single else 1e-13
    if kind == 'exp-GB':  # its bound is that of the quadrature
        assert torch.all((gradient - slope).abs() <= (1e-3 + rounding) * 2 * share + 1e-6 * slope.abs().max())
    else:
        assert relative_error(value, expected) <= 10 * rounding
        # The deltas of a sample's pixels, of magnitude up to the bound, may cancel.
        assert torch.all((gradient - slope).abs() <= rounding * (bound * share + 10 * slope.abs().max()))


def test_smooth_and_rough_outputs_are_mixed_in_one_image(monkeypatch):
    """A few clipped outputs of an image are not a reason to compute it in strips."""
    monkeypatch.setattr(loss_module, 'loss_in_strips', None)
    scores, labels = torch.randn(1, 3, 8, 8, dtype=torch.float64), torch.randint(3, (1, 64, 64))
    scores[0, 1, 3, 3:5] = 40
    formula = Pow3GB(0.001, 0.0, (0.0, 10.0)).matched(3)
    value, gradient = value_and_gradient(lambda x: upsampled_loss(x, labels, formula), scores)
    expected, slope = value_and_gradient(
        lambda x: elementwise_loss(F.interpolate(x, (64, 64), mode='bilinear'), labels, formula), scores
    )
    torch.testing.assert_close((value, gradient), (expected, slope), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    'formula',
    [MirroredExpGB(0.1, 0.0, (0.0, 16.0)), SquaredError('tanh', (-0.5, 0.5))],
)
@pytest.mark.parametrize('soft', [False, True])
def test_formulas_without_a_degree_and_class_scores_are_computed_in_strips(formula, soft):
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(2, 3, 4, 5, generator=generator, dtype=torch.float64) * 3
    labels = torch.randint(3, (2, 12, 15), generator=generator)
    target = torch.rand(2, 3, 12, 15, generator=generator, dtype=torch.float64) if soft else labels
    shares = target if soft else one_hot(labels, 3)
    negative, positive = formula.targets
    value, gradient = value_and_gradient(lambda x: upsampled_loss(x, target, formula), scores)
    enlarged = F.interpolate(scores, (12, 15), mode='bilinear')
    t = negative + (positive - negative) * shares
    torch.testing.assert_close(value, formula.potential(enlarged, t).sum() / labels.numel())
    _, slope = value_and_gradient(
        lambda x: (F.interpolate(x, (12, 15), mode='bilinear') * formula.delta(enlarged, t)).sum() / labels.numel(),
        scores,
    )
    torch.testing.assert_close(gradient, slope)


@pytest.mark.parametrize('formula', [POW3, EXP, SquaredError('linear', (0.0, 1.0))])
def test_ignored_pixels_may_have_nan_scores(formula):
    scores, labels = torch.randn(1, 3, 8, 8), torch.randint(3, (1, 32, 32))
    labels[:, 16:] = IGNORE
    broken = scores.clone()
    broken[:, :, 6:] = float('nan')
    value, gradient = value_and_gradient(lambda x: upsampled_loss(x, labels, formula, ignore_index=IGNORE), broken)
    expected, slope = value_and_gradient(lambda x: upsampled_loss(x, labels, formula, ignore_index=IGNORE), scores)
    assert value == expected and torch.equal(gradient, slope)
    labels[:] = IGNORE
    value, gradient = value_and_gradient(lambda x: upsampled_loss(x, labels, formula, ignore_index=IGNORE), broken)
    assert value == 0 and not gradient.any()


def test_a_nan_score_of_a_counted_pixel_makes_the_loss_nan():
    scores, labels = torch.randn(1, 3, 8, 8), torch.randint(3, (1, 32, 32))
    scores[0, 1, 4, 4] = float('nan')
    assert upsampled_loss(scores, labels, POW3).isnan()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_scores_are_computed_in_float32_also_under_autocast(dtype):
    scores, labels = (torch.randn(1, 5, 6, 7) * 3).to(dtype), torch.randint(5, (1, 48, 56))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value, gradient = value_and_gradient(lambda x: 1000 * upsampled_loss(x, labels, POW3), scores)
    expected, slope = value_and_gradient(lambda x: 1000 * upsampled_loss(x, labels, POW3), scores.float())
    assert value.dtype == torch.float32 and value == expected
    assert gradient.dtype == dtype and torch.equal(gradient, slope.to(dtype))


def test_the_gradient_scales_with_the_upstream_one_and_can_be_taken_twice():
    scores, labels = torch.randn(1, 5, 6, 7, requires_grad=True), torch.randint(5, (1, 48, 56))
    loss = upsampled_loss(scores, labels, POW3, reduction='sum', weight=torch.tensor(0.5))
    (once,) = torch.autograd.grad(loss, scores, retain_graph=True)
    (tripled,) = torch.autograd.grad(3 * loss, scores)
    torch.testing.assert_close(tripled, 3 * once)
    (whole,) = torch.autograd.grad(upsampled_loss(scores, labels, POW3, reduction='sum'), scores)
    torch.testing.assert_close(2 * once, whole)
    with torch.no_grad():
        assert not upsampled_loss(scores, labels, POW3).requires_grad


def test_no_tensor_is_as_large_as_the_enlarged_scores():
    scores, labels = torch.randn(1, 32, 32, 32, requires_grad=True), torch.randint(32, (1, 256, 256))
    labels[:, :50] = IGNORE
    with LargestTensor() as largest:
        upsampled_loss(scores, labels, POW3, ignore_index=IGNORE).backward()
    assert 32 * 32 * 32 < largest.elements <= 32 * 256 * 256 / 8


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(size=(16, 12)), r'^size=\(16, 12\): expected the size of the target, \(16, 16\)$'),
        (dict(target=torch.zeros(1, 3, 3).long()), '^scores of 4 x 4 for an image of 3 x 3 pixels'),
        (dict(target=torch.zeros(16).long()), r'^target of shape \(16,\): expected labels \(N, H, W\)'),
        (dict(target=torch.full((1, 16, 16), 7)), '^label=7: expected a class from 0 to 2'),
        (dict(formula=F.cross_entropy), '^formula=<function cross_entropy .*mmgb.functional.loss_in_strips computes'),
        (dict(reduction='none'), "^reduction='none': expected 'mean' or 'sum'"),
        (dict(avg_factor=0.0), '^avg_factor=0.0: expected a positive number'),
        (dict(class_weight=torch.ones(2)), r'^class_weight of shape \(2,\)'),
    ],
)
def test_invalid_input_is_one_sentence(changes, message):
    arguments = dict(scores=torch.zeros(1, 3, 4, 4), target=torch.zeros(1, 16, 16).long(), formula=POW3) | changes
    with pytest.raises(ConfigError, match=message) as rejection:
        upsampled_loss(**arguments)
    assert '\n' not in str(rejection.value)


@pytest.mark.parametrize('formula', [POW3, EXP])
def test_a_batch_without_images_has_loss_0(formula):
    scores = torch.randn(0, 5, 4, 4, requires_grad=True)
    loss = upsampled_loss(scores, torch.zeros(0, 8, 8, dtype=torch.long), formula)
    loss.backward()
    assert loss == 0 and scores.grad.shape == scores.shape
