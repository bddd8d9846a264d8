"""Matched units: an affine change of the outputs after which cross-entropy's learning rate fits."""

import pytest
import torch
import torch.nn.functional as F
from helpers.loss_cases import PATHS, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional import exp_gb_loss, mirrored_exp_gb_loss, pow3_gb_loss
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.matched_units import check_matched, classes_of_outputs
from mmgb.functional.losses.pow3_gb import Pow3GB

CURVATURE = {ExpGB: 1.0, Pow3GB: 0.3}  # sum of the second derivatives at the fit
SETTINGS = dict(
    num_classes=st.integers(2, 1000),
    alpha=st.floats(1e-4, 10),
    negative=st.sampled_from([0.0, 0.01, 0.5]),
    span=st.floats(0.5, 20),
    beta=st.sampled_from([None, -1.0, 0.4]),
)


def make_formula(kind, alpha, negative, span, beta):
    """Return a formula in the paper's units."""
    if kind is ExpGB:
        return ExpGB(alpha, (negative, negative + span), max_delta=1e12)
    return Pow3GB(alpha, negative if beta is None else beta, (negative - 0.2, negative + span), max_delta=1e12)


def curvature_at_the_fit(formula, num_classes):
    """Return the sum of the outputs' second derivatives where all outputs of one sample fit."""
    negative, positive = formula.targets
    total = 0
    for target, outputs in ((negative, num_classes - 1), (positive, 1)):
        fit = torch.tensor(max(formula.fit(target), -1e3), dtype=torch.float64)
        total += outputs * torch.func.grad(lambda z, target=target: formula.delta(z, target))(fit).item()
    return total


@pytest.mark.parametrize('kind', [ExpGB, Pow3GB])
@settings(max_examples=100)
@given(**SETTINGS)
def test_zero_is_the_uniform_prior_and_the_curvature_at_the_fit_is_fixed(kind, num_classes, **setting):
    formula = make_formula(kind, **setting).matched(num_classes)
    assert formula.score_of(1 / num_classes) == pytest.approx(0, abs=1e-9)
    assert curvature_at_the_fit(formula, num_classes) == pytest.approx(CURVATURE[kind], rel=1e-9)
    if kind is Pow3GB:
        assert formula.score_of(1) - formula.score_of(0) == pytest.approx(10, rel=1e-9)


@pytest.mark.parametrize('kind', [ExpGB, Pow3GB])
@settings(max_examples=100)
@given(seed=st.integers(0, 2**31), **SETTINGS)
def test_a_matched_loss_is_the_loss_of_affinely_changed_outputs_over_a_constant(kind, seed, num_classes, **setting):
    """F(s z + x0) / k, with s, x0 and k from the definition."""
    formula = make_formula(kind, **setting)
    negative, positive = formula.targets
    prior = formula.fit(negative + (positive - negative) / num_classes)
    stretch = 1 if kind is ExpGB else (formula.fit(positive) - formula.fit(negative)) / 10
    constant = stretch**2 * curvature_at_the_fit(formula, num_classes) / CURVATURE[kind]

    z = 4 * torch.randn(3, num_classes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    labels = torch.arange(3) % num_classes
    targets = formula.target_of(F.one_hot(labels, num_classes).double())

    def expected(z):
        return formula.potential(stretch * z + prior, targets) / constant

    matched = formula.matched(num_classes)
    matched_targets = matched.target_of(F.one_hot(labels, num_classes).double())
    torch.testing.assert_close(matched.potential(z, matched_targets), expected(z), rtol=1e-8, atol=1e-11)
    gradient = stretch / constant * formula.delta(stretch * z + prior, targets)
    torch.testing.assert_close(matched.delta(z, matched_targets), gradient, rtol=1e-9, atol=1e-9)
    probabilities = formula.probabilities(stretch * z + prior)
    torch.testing.assert_close(matched.probabilities(z), probabilities, rtol=1e-9, atol=1e-12)


def plain_loss(loss, z, share, weight):
    """Return the matched losses with default settings up to their minimum, and their minimum, in float64.

    They continue along their tangent from the scores where the delta is 1 or -1.
    """
    classes = max(2, z.shape[1])
    if loss is exp_gb_loss:
        inside = z.minimum((classes * (1 + share)).log())
        terms = inside.exp() / classes - share * inside
        least = share - torch.xlogy(share, share * classes)
    else:
        x = z + 10 * classes ** (-1 / 3)
        inside = x.clamp(-10 * (1 - share) ** (1 / 3), 10 * (1 + share) ** (1 / 3))
        terms, z = 0.001 / 4 * inside**4 - share * inside, x
        least = -7.5 * share ** (4 / 3)
    weight = weight.unsqueeze(1) / share[:, 0].numel()
    return ((terms + (z - inside).abs()) * weight).sum(), (least * weight).sum()


@pytest.mark.parametrize('path', PATHS)
@pytest.mark.parametrize('loss', [exp_gb_loss, pow3_gb_loss])
@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**31),
    shape=st.sampled_from([(5, 3), (4, 1), (3, 200), (2, 21, 7), (2, 3, 4, 5)]),
    kind=st.sampled_from(['labels', 'class scores', 'multi_label']),
    spread=st.sampled_from([0.1, 4.0]),
    weighted=st.booleans(),
)
def test_every_path_computes_the_closed_form(path, loss, seed, shape, kind, spread, weighted):
    generator = torch.Generator().manual_seed(seed)
    scores = spread * torch.randn(shape, generator=generator)
    weight = torch.rand(shape[:1] + shape[2:], generator=generator) if weighted else torch.ones(shape[:1] + shape[2:])
    if kind == 'labels' and shape[1] > 1:
        target = torch.randint(shape[1], weight.shape, generator=generator)
        share = F.one_hot(target, shape[1]).movedim(-1, 1).double()
    else:
        target = torch.rand(shape, generator=generator)
        share = target.double()
    options = dict(weight=weight if weighted else None, target_kind='multi_label' if kind == 'multi_label' else 'class')
    value, gradient = value_and_gradient(path, loss, scores, target, matched=True, **options)

    z = scores.double().requires_grad_()
    expected, least = plain_loss(loss, z, share, weight.double())
    (expected_gradient,) = torch.autograd.grad(expected, z)
    precision = 1e-12 if path == 'float64' else 2e-6
    size = (expected.abs() + least.abs()).item()  # each term is rounded, so their difference is as far off
    assert abs(value.item() - (expected - least).item()) <= precision * size
    terms = z.exp() / 2 if loss is exp_gb_loss else (z.abs() / 10 + 1) ** 3
    bound = precision * (terms + 1) * weight.double().unsqueeze(1) / weight.numel()
    assert ((gradient - expected_gradient).abs() <= bound + 1e-45).all()


@pytest.mark.parametrize('loss', [exp_gb_loss, pow3_gb_loss])
def test_class_weights_multiply_as_in_the_papers_units(loss):
    scores, labels, weight = torch.randn(6, 4), torch.tensor([0, 1, 2, 3, 0, 1]), torch.rand(4)
    each = loss(scores, labels, matched=True, reduction='none')
    found = loss(scores, labels, matched=True, class_weight=weight)
    torch.testing.assert_close(found, (each * weight[labels]).sum() / weight[labels].sum())
    one_hot = F.one_hot(labels, 4).float()
    found = loss(scores, one_hot, matched=True, class_weight=weight, target_kind='multi_label')
    terms = [loss(scores, one_hot, matched=True, class_weight=row, target_kind='multi_label') for row in torch.eye(4)]
    torch.testing.assert_close(found, (torch.stack(terms) * weight).sum())


@pytest.mark.parametrize('loss', [exp_gb_loss, pow3_gb_loss])
def test_max_delta_bounds_the_gradient_of_the_matched_loss(loss):
    scores = torch.tensor([[40.0, -3.0, 1.0]], requires_grad=True)
    loss(scores, torch.tensor([1]), matched=True, max_delta=0.05).backward()
    assert scores.grad.abs().max() == 0.05
    (gradient,) = torch.autograd.grad(loss(scores, torch.tensor([1]), matched=True), scores)
    assert gradient[0, 0] == 1  # the bound of cross-entropy, unless another is given


@pytest.mark.parametrize('loss', [exp_gb_loss, pow3_gb_loss])
def test_the_compiler_and_nested_transforms_compute_the_same(loss):
    # Not beyond ln(5), where the delta of exp-GB is clipped and its derivative is 0.
    scores, labels = 1.5 * torch.rand(4, 5), torch.tensor([0, 3, 1, 4])

    def value(x):
        return loss(x, labels, matched=True)

    torch._dynamo.reset()
    x = scores.clone().requires_grad_()
    torch.compile(value, fullgraph=True, backend='aot_eager')(x).backward()
    _, expected = value_and_gradient('float64', loss, scores, labels, matched=True)
    torch.testing.assert_close(x.grad.double(), expected, rtol=1e-5, atol=1e-7)
    hessian = torch.func.hessian(value)(scores.double()).reshape(20, 20)
    scores = scores.double()
    rate = scores.exp() / 5 if loss is exp_gb_loss else 0.003 * (scores + 10 * 5 ** (-1 / 3)) ** 2
    torch.testing.assert_close(hessian, (rate / 4).flatten().diag(), rtol=1e-9, atol=1e-12)


def test_a_single_output_distinguishes_two_classes():
    assert [classes_of_outputs(outputs) for outputs in (1, 2, 3)] == [2, 2, 3]
    assert Pow3GB(0.001, 0.0, (0.0, 10.0)).matched(1) == Pow3GB(0.001, 0.0, (0.0, 10.0)).matched(2)


def test_real_values_and_other_losses_have_no_matched_units():
    check_matched(True, 'class')
    check_matched(False, 'value')
    scores = torch.zeros(2, 3)
    for loss in (exp_gb_loss, pow3_gb_loss):
        with pytest.raises(ValueError, match="matched=True with target_kind='value': expected matched=False"):
            loss(scores, scores, matched=True, target_kind='value')
    with pytest.raises(ValueError, match='matched=True: expected False with this loss, only exp-GB and pow3-GB'):
        mirrored_exp_gb_loss(scores, torch.tensor([0, 1]), matched=True)
