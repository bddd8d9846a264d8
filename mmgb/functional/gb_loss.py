r"""Boosted error gradients on linear outputs: exp-GB and pow3-GB.

Source: Øland, Bansal, Dannenberg, Raj, *Be Careful What You Backpropagate: A Case For Linear Output Activations &
Gradient Boosting* (2017), Sections 2.1 and 2.2.

The outputs stay linear, and instead of softmax + cross-entropy's :math:`y - t` these error deltas are
back-propagated:

.. math::
    \delta_{exp}(x, t) = \alpha e^x - t \qquad \delta_{pow3}(x, t) = \alpha x^3 + \beta - t

The paper calls that "an incorrect gradient formulation". It is the exact gradient of a convex function of the
outputs, zero where the boosted output meets its target and positive elsewhere. With :math:`d = x - \ln(t/\alpha)`
and :math:`x^* = \sqrt[3]{(t - \beta)/\alpha}`, the perfect fit,

.. math::
    F_{exp} = t\,(e^d - 1 - d) \;\;(t > 0), \quad \alpha e^x \;\;(t = 0) \qquad
    F_{pow3} = \tfrac{\alpha}{4} (x - x^*)^2 \left((x + x^*)^2 + 2 x^{*2}\right)

:math:`F_{exp}` is the generalised Kullback-Leibler divergence between t and :math:`\alpha e^x`. These forms are
non-negative by construction; the textbook :math:`\alpha e^x - t x - const` cancels near the fit. The second
derivatives are :math:`\alpha e^x` and :math:`3 \alpha x^2` (Section 4).

Both are summed over the classes and averaged over the samples. The paper doesn't state its reduction; this one makes
its learning rates plausible.
"""
from functools import partial

import torch
from torch import Tensor

from .elementwise_loss import elementwise_loss
from .target import check_targets


def exp_gb_delta(scores: Tensor, values: Tensor, alpha: float) -> Tensor:
    """``alpha * exp(x) - t``, elementwise."""
    return alpha * scores.exp() - values


def exp_gb_potential(scores: Tensor, values: Tensor, alpha: float) -> Tensor:
    """The function whose derivative is :func:`exp_gb_delta`, elementwise, accurate near the fit; ``t >= 0``."""
    # The distance to the fit is a difference of near numbers: taken in float64, whatever the type of the scores.
    distance = (scores.double() - (values.double() / alpha).log()).to(scores.dtype)
    return torch.where(values > 0, values * _expm1_minus_identity(distance), alpha * scores.exp())


def pow3_gb_delta(scores: Tensor, values: Tensor, alpha: float, beta: float) -> Tensor:
    """``alpha * x**3 + beta - t``, elementwise."""
    return alpha * scores ** 3 + (beta - values)


def pow3_gb_potential(scores: Tensor, values: Tensor, alpha: float, beta: float) -> Tensor:
    """The function whose derivative is :func:`pow3_gb_delta`, elementwise, accurate near the fit."""
    cube = (values.double() - beta) / alpha
    fit = cube.sign() * cube.abs() ** (1 / 3)
    distance = (scores.double() - fit).to(scores.dtype)
    fit = fit.to(scores.dtype)
    return alpha / 4 * distance ** 2 * ((scores + fit) ** 2 + 2 * fit ** 2)


def exp_gb_loss(scores: Tensor, target: Tensor, *, alpha: float = 0.1,
                targets: tuple[float, float] = (0., 16.), **options) -> Tensor:
    """Exponential gradient boosting (Section 2.1).

    Args:
        scores: linear outputs, (N, C) or (N, C, ...).
        target: labels, (N) or (N, ...), or class scores in [0, 1] of the scores' shape.
        alpha: factor of the exponential, > 0.
        targets: ``(negative, positive)``, ``0 <= negative < positive``.
        **options: ``weight``, ``class_weight``, ``ignore_index``, ``avg_non_ignore``, ``reduction`` and
            ``avg_factor`` of :func:`mmgb.functional.elementwise_loss.elementwise_loss`.

    Raises:
        ValueError: settings or tensors outside these ranges.
    """
    targets = check_exp_gb(alpha, targets)
    return elementwise_loss(scores, target, partial(exp_gb_potential, alpha=alpha),
                            partial(exp_gb_delta, alpha=alpha), targets, **options)


def pow3_gb_loss(scores: Tensor, target: Tensor, *, alpha: float = 0.001, beta: float = 0.4,
                 targets: tuple[float, float] = (0., 10.), **options) -> Tensor:
    """Cubic gradient boosting (Section 2.2). ``beta`` is any finite number, ``targets`` need only be in order;
    the other arguments as in :func:`exp_gb_loss`."""
    targets = check_pow3_gb(alpha, beta, targets)
    return elementwise_loss(scores, target, partial(pow3_gb_potential, alpha=alpha, beta=beta),
                            partial(pow3_gb_delta, alpha=alpha, beta=beta), targets, **options)


def check_exp_gb(alpha: float, targets: tuple[float, float]) -> tuple[float, float]:
    """Return the targets as floats, or raise a ValueError that names the setting at fault."""
    _check_alpha(alpha)
    negative, positive = check_targets(targets)
    if negative < 0:
        raise ValueError(f'targets=({negative:g}, {positive:g}): exp-GB needs a negative target >= 0, since '
                         'alpha*exp(x) never reaches a smaller one and the loss would fall without end')
    return negative, positive


def check_pow3_gb(alpha: float, beta: float, targets: tuple[float, float]) -> tuple[float, float]:
    """Return the targets as floats, or raise a ValueError that names the setting at fault."""
    _check_alpha(alpha)
    if not float('-inf') < beta < float('inf'):
        raise ValueError(f'beta={beta!r}: expected a finite number')
    return check_targets(targets)


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < float('inf'):
        raise ValueError(f'alpha={alpha!r}: expected a positive number')


def _expm1_minus_identity(x: Tensor) -> Tensor:
    """``exp(x) - 1 - x``, by its series where the difference would cancel (to 1e-15 relative at |x| < 0.1)."""
    series = torch.ones_like(x)
    for k in range(11, 2, -1):
        series = 1 + x / k * series
    return torch.where(x.abs() < 0.1, x * x / 2 * series, torch.expm1(x) - x)
