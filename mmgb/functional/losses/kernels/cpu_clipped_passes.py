"""The compiled loops of exp-GB and pow3-GB with ``max_delta``, see :mod:`mmgb.functional.losses.kernels.cpu_compiled`.

Between two scores the loss is the unclipped one; beyond them it continues along its tangent. All classes are treated as
wrong first. The target classes, one per sample, are computed apart.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..formula import BoostedFormula
from .cpu_pass_parts import scores_of_target, target_mask, total, weighted


class Clipped(NamedTuple):
    """Constants of one target as float32 scalars: the fit in two parts, the scores where clipping starts, and more.

    Attributes:
        fit, rest: nearest float32 number to the score that fits, and the rest.
        lower, upper: scores between which the delta is not clipped; ``lower`` may be -inf.
        offset: beta minus the target.
    """

    fit: Tensor
    rest: Tensor
    lower: Tensor
    upper: Tensor
    offset: Tensor


def clipped_constants(formula: BoostedFormula) -> tuple[float | tuple[float, ...], ...]:
    """Return alpha, the shift, ``max_delta``, and fit, lower bound, upper bound and offset of the two targets."""
    bound = formula.max_delta
    assert bound is not None
    of_targets = [
        (formula.fit(target), formula.fit(target - bound), formula.fit(target + bound), formula.beta - target)
        for target in formula.targets
    ]
    return formula.alpha, formula.shift, bound, *of_targets


def clipped_exp_gb_pass(
    scores: Tensor, labels: Tensor, factor: Tensor, alpha: Tensor, shift: Tensor, bound: Tensor, *targets: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute exp-GB with the negative target 0: the sum of the losses times ``factor``, and its gradient.

    Args:
        scores (Tensor): (N, C, P), float32.
        labels (Tensor): (N, P), classes wherever the factor is not 0.
        factor (Tensor): factor of each sample, (N, P). Samples with factor 0 contribute nothing.
        alpha, shift, bound, targets (Tensor): see :func:`clipped_constants`, float64; the shift is 0.
    """
    (wrong, right), alpha, bound = map(_constants, targets), alpha.float(), bound.float()
    output = alpha * scores.exp()
    potential = output.clamp(max=bound) + bound * (scores - wrong.upper).clamp(min=0)

    of_target = scores_of_target(scores, labels)
    inside = of_target.clamp(right.lower, right.upper)  # the lower bound may be -inf
    excess = torch.where(
        of_target > right.upper,
        of_target - right.upper,
        torch.where(of_target < right.lower, right.lower - of_target, 0),
    )
    # Near the fit expm1(d) - d needs float64. Computed apart, this costs little: one class per sample.
    fit, *_, offset = targets[1].unbind()
    distance = inside.double() - fit
    potential_of_target = -offset * (distance.expm1() - distance) + bound * excess
    return _finish(labels, factor, bound, output, (wrong.offset, right.offset), potential, potential_of_target)


def clipped_pow3_gb_pass(
    scores: Tensor, labels: Tensor, factor: Tensor, alpha: Tensor, shift: Tensor, bound: Tensor, *targets: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute pow3-GB: the sum of the losses times ``factor``, and its gradient. Arguments as above."""
    (wrong, right), alpha, shift, bound = map(_constants, targets), alpha.float(), shift.float(), bound.float()

    def potential(scores: Tensor, target: Clipped) -> Tensor:
        inside = scores.clamp(target.lower, target.upper)  # both are finite
        distance, shifted, shifted_fit = (inside - target.fit) - target.rest, inside + shift, target.fit + shift
        return (
            alpha / 4 * distance**2 * ((shifted + shifted_fit) ** 2 + 2 * shifted_fit**2)
            + bound * (scores - inside).abs()
        )

    of_wrong, of_target = potential(scores, wrong), potential(scores_of_target(scores, labels), right)
    output = alpha * (scores + shift) ** 3
    return _finish(labels, factor, bound, output, (wrong.offset, right.offset), of_wrong, of_target)


def _constants(of_target: Tensor) -> Clipped:
    fit, lower, upper, offset = of_target.unbind()
    nearest = fit.float()
    return Clipped(nearest, (fit - nearest).float(), lower.float(), upper.float(), offset.float())


def _finish(
    labels: Tensor,
    factor: Tensor,
    bound: Tensor,
    output: Tensor,
    offsets: tuple[Tensor, Tensor],
    potential: Tensor,
    potential_of_target: Tensor,
) -> tuple[Tensor, Tensor]:
    """Subtract the targets and clip the deltas, put the target classes' potentials in their places, weight and sum.

    The deltas of the target classes are computed in their places: gathered, they would be computed for every class.
    """
    is_target, factors = target_mask(output, labels), factor.unsqueeze(1)
    delta = (output + torch.where(is_target, offsets[1], offsets[0])).clamp(-bound, bound)
    loss = weighted(potential_of_target, factor).sum(dtype=torch.float64)
    return loss + total(weighted(torch.where(is_target, 0, potential), factors)), weighted(delta, factors)
