"""The boosted losses on a CPU, compiled: one loop over the scores writes the gradient and sums the losses.

PyTorch's compiler makes the loop, which takes a few seconds once per process and needs a C++ compiler on the machine.
Small batches, less common cases and machines without a compiler use :mod:`mmgb.functional.losses.kernels.cpu_blocks`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from ..formula import FAR_FROM_FIT, BoostedFormula
from . import cpu_blocks
from .compiled_on_demand import CompiledOnDemand

FEWEST_SCORES = 2**16  # below this many scores, compiling does not pay


class CompiledPass(NamedTuple):
    """The compiled loop of a formula.

    Attributes:
        run (CompiledOnDemand): function of scores (N, C, P), labels (N, P), factors (N, P) and the constants, that
            returns the summed loss and its gradient.
        constants (Callable): numbers that the loop needs of a formula. They are passed as float64 tensors, since
            numbers would be compiled in.
        covers (Callable): whether the loop computes this formula.
    """

    run: CompiledOnDemand
    constants: Callable[[BoostedFormula], tuple[float | tuple[float, ...], ...]]
    covers: Callable[[BoostedFormula], bool]


def exp_gb_pass(
    scores: Tensor, labels: Tensor, factor: Tensor, alpha: Tensor, positive: Tensor, fit: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute exp-GB with the negative target 0: the sum of the losses times ``factor``, and its gradient.

    Args:
        scores (Tensor): (N, C, P), float32.
        labels (Tensor): (N, P), classes wherever the factor is not 0.
        factor (Tensor): factor of each sample, (N, P). Samples with factor 0 contribute nothing.
        alpha (Tensor): factor of the exponential, a float64 scalar.
        positive (Tensor): target of the target class, a float64 scalar.
        fit (Tensor): score that fits ``positive``, a float64 scalar.
    """
    is_target, factors = _target_mask(scores, labels), factor.unsqueeze(1)
    output = alpha.float() * scores.exp()
    delta = torch.where(is_target, output - positive.float(), output)
    # Near the fit expm1(d) - d needs float64. Computed apart, this costs little: one class per sample. Far from the
    # fit, take the same output as the delta, so that both overflow at the same score.
    of_target = scores.gather(1, labels.clamp(0, scores.shape[1] - 1).unsqueeze(1)).squeeze(1)
    distance = of_target.double() - fit
    far = alpha.float() * of_target.exp() - positive * (distance + 1)
    near = positive * (distance.expm1() - distance)
    loss = _weighted(torch.where(distance > FAR_FROM_FIT, far, near), factor).sum()
    return loss + _total(_weighted(torch.where(is_target, 0, output), factors)), _weighted(delta, factors)


def exp_gb_constants(formula: BoostedFormula) -> tuple[float, float, float]:
    """Return alpha, the positive target and its fit."""
    _, positive = formula.targets
    return formula.alpha, positive, formula.fit(positive)


def pow3_gb_pass(
    scores: Tensor, labels: Tensor, factor: Tensor, alpha: Tensor, offsets: Tensor, fits: Tensor, shift: Tensor
) -> tuple[Tensor, Tensor]:
    """Compute pow3-GB: the sum of the losses times ``factor``, and its gradient.

    Args:
        scores, labels, factor (Tensor): see :func:`exp_gb_pass`.
        alpha (Tensor): factor of the cube, a float64 scalar.
        offsets (Tensor): ``beta - target`` of a wrong class and of the target class, (2,), float64.
        fits (Tensor): scores that fit the two targets, (2,), float64.
        shift (Tensor): number that is added to the scores, a float64 scalar.
    """
    is_target, factors = _target_mask(scores, labels), factor.unsqueeze(1)
    alpha, offset, nearest, shift = alpha.float(), offsets.float(), fits.float(), shift.float()
    # The distance of a float32 score to a near float32 number is exact, that to the fit itself is not.
    rest = (fits - nearest).float()
    fit = torch.where(is_target, nearest[1], nearest[0])
    distance = (scores - fit) - torch.where(is_target, rest[1], rest[0])
    shifted, shifted_fit = scores + shift, fit + shift
    potential = alpha / 4 * distance**2 * ((shifted + shifted_fit) ** 2 + 2 * shifted_fit**2)
    delta = alpha * shifted**3 + torch.where(is_target, offset[1], offset[0])
    return _total(_weighted(potential, factors)), _weighted(delta, factors)


def pow3_gb_constants(formula: BoostedFormula) -> tuple[float, tuple[float, ...], tuple[float, ...], float]:
    """Return alpha, the offsets, the fits and the shift."""
    offsets = tuple(formula.beta - target for target in formula.targets)
    return formula.alpha, offsets, tuple(formula.fit(target) for target in formula.targets), formula.shift


def _target_mask(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the mask of the target classes' scores, (N, C, P)."""
    return torch.arange(scores.shape[1], device=scores.device).view(1, -1, 1) == labels.unsqueeze(1)


def _weighted(values: Tensor, factor: Tensor) -> Tensor:
    """Multiply, with 0 * inf = 0."""
    return torch.where(factor == 0, 0, values * factor)


def _total(values: Tensor) -> Tensor:
    """Sum (N, C, P) values: over an image in float32, which is faster, then over classes and images in float64."""
    if values.shape[2] > 1:
        values = values.sum(2)
    return values.sum(dtype=torch.float64)


PASSES = {
    'exp_gb': CompiledPass(
        CompiledOnDemand(exp_gb_pass),
        exp_gb_constants,
        covers=lambda formula: formula.max_delta is None and formula.targets[0] == 0,
    ),
    'pow3_gb': CompiledPass(
        CompiledOnDemand(pow3_gb_pass), pow3_gb_constants, covers=lambda formula: formula.max_delta is None
    ),
}


def evaluate(
    formula: BoostedFormula,
    scores: Tensor,
    target: Tensor,
    weight: Tensor,
    scale: Tensor,
    *,
    per_sample: bool,
    want_loss: bool,
    want_gradient: bool,
) -> tuple[Tensor | None, Tensor | None]:
    """Compute the losses and their gradient, see :func:`mmgb.functional.losses.kernels.cpu_blocks.evaluate`."""
    found = None
    one_pass = PASSES[formula.kernel]
    if want_loss and want_gradient and not per_sample and one_pass.covers(formula) and _is_worth_it(scores, target):
        images, classes = scores.shape[:2]
        found = one_pass.run(
            scores.view(images, classes, -1),
            target.reshape(images, -1).long(),  # one compiled loop for all types of labels
            (weight * scale).reshape(images, -1),
            *_constants(formula),
        )
    if found is None:
        return cpu_blocks.evaluate(
            formula,
            scores,
            target,
            weight,
            scale,
            per_sample=per_sample,
            want_loss=want_loss,
            want_gradient=want_gradient,
        )
    loss, gradient = found
    return loss.float(), gradient.view(scores.shape)


def _is_worth_it(scores: Tensor, target: Tensor) -> bool:
    """Return True for large dense float32 scores with labels."""
    dense = scores.is_contiguous() or scores.movedim(1, -1).is_contiguous()
    return dense and target.shape != scores.shape and scores.dtype == torch.float32 and scores.numel() >= FEWEST_SCORES


@cache
def _constants(formula: BoostedFormula) -> tuple[Tensor, ...]:
    """Return the constants of the formula's loop as tensors."""
    constants = PASSES[formula.kernel].constants(formula)
    return tuple(torch.tensor(constant, dtype=torch.float64, device='cpu') for constant in constants)
