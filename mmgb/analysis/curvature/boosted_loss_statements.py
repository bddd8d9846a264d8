"""Section 4's statements on the second derivatives of the boosted losses and of cross-entropy."""

from __future__ import annotations

import torch

from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.pow3_gb import Pow3GB

from .calculus import derivative, real, root
from .loss_curvature import cross_entropy_curvature, formula_curvature
from .statement import Statement, verdict

# The paper's settings for CIFAR-10.
EXP_GB = ExpGB(0.1, (0.0, 16.0))
POW3_GB = Pow3GB(0.001, 0.4, (0.0, 10.0))


def boosted_loss_statements() -> list[Statement]:
    """Check the statements on the boosted losses in the paper's order."""
    return [
        boosted_second_derivatives(
            (1.0, 1.0), "H_exp-GB = e^x and H_pow3-GB = 3x²: the deltas' derivatives for alpha = 1"
        ),
        boosted_second_derivatives(
            (EXP_GB.alpha, POW3_GB.alpha), f'… and for the alphas used, {EXP_GB.alpha:g} and {POW3_GB.alpha:g}'
        ),
        cross_entropy_is_one(),
        boosted_is_larger(),
        faster_by_curvature(),
    ]


def boosted_second_derivatives(alphas: tuple[float, float], claim: str) -> Statement:
    """Compare exp(x) and 3x² with the derivatives of the two error deltas.

    Args:
        alphas (tuple[float, float]): alpha of exp-GB and of pow3-GB.
        claim (str): the statement.
    """
    x = torch.linspace(-3, 3, 61, dtype=torch.float64)
    slopes = (
        derivative(lambda x: ExpGB(alphas[0], EXP_GB.targets).delta(x, 1.0), x),
        derivative(lambda x: Pow3GB(alphas[1], POW3_GB.beta, POW3_GB.targets).delta(x, 1.0), x),
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
    """Compare the largest second derivative of cross-entropy with 1."""
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
    """Find where the boosted losses' second derivatives exceed those of cross-entropy."""

    def curvature(formula: ExpGB | Pow3GB, x: float) -> float:
        return formula_curvature(formula, real(x), real(0.0)).item()

    exp_from, exp_quarter = (root(lambda x, b=bound: curvature(EXP_GB, x) - b, -10, 10) for bound in (1, 0.25))
    pow3_from, pow3_quarter = (root(lambda x, b=bound: curvature(POW3_GB, x) - b, 0, 100) for bound in (1, 0.25))
    at_zero = curvature(POW3_GB, 0.0)
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
    """Compute by how much one gradient step lowers two parabolas of equal slope."""
    slope, rate = 1.0, 0.1
    small, large = (rate * slope**2 - rate**2 * slope**2 * curvature / 2 for curvature in (1.0, 9.0))
    return Statement(
        'A larger H lets gradient descent minimise the error faster',
        verdict(large > small),
        f'at equal slope a step lowers it less: with slope {slope:g} and rate {rate:g} by {small:.4g} if '
        f'H = 1, by {large:.4g} if H = 9',
        dict(decrease_h1=small, decrease_h9=large),
    )
