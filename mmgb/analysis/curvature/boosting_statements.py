"""The second half of Section 4's statements: on the softmax normaliser s and on the boosted losses."""

import math

import torch

from mmgb.functional.losses.formula import ExpGB, Pow3GB, exp_gb_delta, pow3_gb_delta

from .output_curvature import cross_entropy_curvature, form_curvature, softmax_hessian
from .statements import (
    OBSERVED,
    Statement,
    derivative,
    real,
    root,
    squared_error_statements,
    verdict,
)

EXP, POW3 = ExpGB(0.1), Pow3GB(0.001, 0.4)  # the paper's settings on CIFAR-10
PAPERS_NORMALISER = 2342.0


def small_normaliser() -> Statement:
    scores = torch.tensor([[2.0, 0.0, -1.0]], dtype=torch.float64)
    shift = 20.0
    before, after = (
        softmax_hessian(moved, torch.zeros_like(moved), moved.logsumexp(1, keepdim=True)).total
        for moved in (scores, scores - shift)
    )
    s = float((scores - shift).exp().sum())
    change = float((after - before).abs().max())
    y, t = torch.meshgrid(*2 * [torch.linspace(0, 1, 401, dtype=torch.float64)], indexing='ij')
    least, most = (float(bound) for bound in softmax_hessian(y.log(), t, torch.zeros_like(y)).total.aminmax())
    return Statement(
        'H_softmax depends on s, and blows up if s is very small',
        verdict(change > 1e-9),
        'a common shift of the outputs changes s and neither probabilities nor H: with x = (2, 0, -1) - '
        f'{shift:g} s is {s:.3g}, and H changes by {change:.1g}; for probabilities y and targets '
        f'in [0, 1] (2) lies between {least:.4g} and {most:.4g}',
        dict(s=s, change=change, least=least, most=most),
    )


def half_of_the_outputs_positive() -> Statement:
    scores = torch.tensor([1e-6, -50.0], dtype=torch.float64)
    excess = float(scores.expm1()[0] + scores[1].exp())
    return Statement(
        'Half of the outputs positive guarantees s > 1',
        verdict(excess > 0),
        f'one is enough: x = (1e-6, -50) has s - 1 = {excess:.3g}; outputs with mean 0 even have s ≥ C, '
        'the number of classes (Jensen)',
        dict(excess=excess),
    )


def one_output_at_zero() -> Statement:
    negative = -20.0
    excess = 999 * math.exp(negative)
    return Statement(
        'A single output ≥ 0 makes s > 1',
        verdict(excess > 0),
        f'of 1,000 classes one at 0 and the others at {negative:g}: s - 1 = {excess:.3g}; equality needs '
        'a single class',
        dict(excess=excess),
    )


def trained_outputs() -> Statement:
    margin = 10.0
    s = math.exp(-margin) * (1 + 999 * math.exp(-20))
    probability = 1 / (1 + 999 * math.exp(-20))
    return Statement(
        'A well-trained model will mostly have such an output',
        OBSERVED,
        f'nothing forces it: with the right class at -{margin:g} and 999 at -{margin + 20:g}, s = {s:.3g} '
        f'and the right class has probability {probability:.6f}; see "s > 1" of a trained network',
        dict(s=s, probability=probability),
    )


def papers_normaliser() -> Statement:
    equal, batch = math.log(PAPERS_NORMALISER / 10), PAPERS_NORMALISER / 10
    return Statement(
        's starts at 2,342 and rises monotonically (Fig. 5)',
        OBSERVED,
        f'GradientStatsHook records it; for one sample of ten classes it needs all outputs at '
        f'{equal:.3g}, for outputs near 0 a sum over {batch:.4g} samples',
        dict(equal_outputs=equal, batch=batch),
    )


def boosted_second_derivatives(alphas: tuple[float, float], claim: str) -> Statement:
    """exp(x) and 3x² against the derivatives of the boosted deltas with these alphas."""
    x = torch.linspace(-3, 3, 61, dtype=torch.float64)
    slopes = (
        derivative(lambda x: exp_gb_delta(x, 1.0, alphas[0]), x),
        derivative(lambda x: pow3_gb_delta(x, 1.0, alphas[1], POW3.beta), x),
    )
    printed = x.exp(), 3 * x**2
    exp, pow3 = (float(slope.norm() / formula.norm()) for slope, formula in zip(slopes, printed))
    return Statement(
        claim,
        verdict(all(map(torch.allclose, slopes, printed))),
        f'the derivatives of the deltas are {exp:.4g} and {pow3:.4g} times these',
        dict(exp_ratio=exp, pow3_ratio=pow3),
    )


def cross_entropy_is_one() -> Statement:
    x = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    pair = torch.stack([x, torch.zeros_like(x)], 1)
    largest = float(cross_entropy_curvature(pair, pair).max())
    return Statement(
        'H_softmax = 1 with cross-entropy',
        verdict(largest >= 1),
        f'the derivative of y - t by x is y(1 - y), at most {largest:.4g}; 1 is its derivative by y',
        dict(largest=largest),
    )


def boosted_is_larger() -> Statement:
    exp_from = root(lambda x: form_curvature(EXP, real(x), real(0.0)).item() - 1, -10, 10)
    pow3_from = root(lambda x: form_curvature(POW3, real(x), real(0.0)).item() - 1, 0, 100)
    exp_quarter = root(lambda x: form_curvature(EXP, real(x), real(0.0)).item() - 0.25, -10, 10)
    pow3_quarter = root(lambda x: form_curvature(POW3, real(x), real(0.0)).item() - 0.25, 0, 100)
    at_zero = float(form_curvature(POW3, real(0.0), real(0.0)))
    return Statement(
        "e^x and 3x² only add to the point: they are larger than softmax's",
        verdict(at_zero > 0.25),
        f'e^x exceeds 1 for x > 0 alone, with alpha = 0.1 from x = {exp_from:.4g} on, 3·0.001x² from '
        f"|x| = {pow3_from:.4g} on; cross-entropy's bound ¼ is exceeded from {exp_quarter:.4g} and "
        f'{pow3_quarter:.4g} on; at x = 0 pow3-GB has {at_zero:g}',
        dict(
            exp_above_1_from=exp_from,
            pow3_above_1_from=pow3_from,
            exp_above_quarter_from=exp_quarter,
            pow3_above_quarter_from=pow3_quarter,
            pow3_at_0=at_zero,
        ),
    )


def faster_by_curvature() -> Statement:
    slope, rate = 1.0, 0.1
    small, large = (rate * slope**2 - rate**2 * slope**2 * curvature / 2 for curvature in (1.0, 9.0))
    return Statement(
        'A larger H lets gradient descent minimise the error faster',
        verdict(large > small),
        f'at equal slope a step lowers it less: with slope {slope:g} and rate {rate:g} by {small:.4g} if '
        f'H = 1, by {large:.4g} if H = 9',
        dict(decrease_h1=small, decrease_h9=large),
    )


def section_4_statements() -> list[Statement]:
    """All of them, in the paper's order."""
    return [
        *squared_error_statements(),
        small_normaliser(),
        half_of_the_outputs_positive(),
        one_output_at_zero(),
        trained_outputs(),
        papers_normaliser(),
        boosted_second_derivatives(
            (1.0, 1.0), "H_exp-GB = e^x and H_pow3-GB = 3x²: the deltas' derivatives for alpha = 1"
        ),
        boosted_second_derivatives(
            (EXP.alpha, POW3.alpha), f'… and for the alphas used, {EXP.alpha:g} and {POW3.alpha:g}'
        ),
        cross_entropy_is_one(),
        boosted_is_larger(),
        faster_by_curvature(),
    ]


def statements_text(statements: list[Statement]) -> str:
    """A numbered list in Markdown."""
    return ''.join(
        f'{number}. {claim}. **{result.capitalize()}**: {reason}.\n'
        for number, (claim, result, reason, _) in enumerate(statements, 1)
    )
