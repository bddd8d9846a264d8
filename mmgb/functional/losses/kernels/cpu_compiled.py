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
from .cpu_clipped_passes import clipped_constants, clipped_exp_gb_pass, clipped_pow3_gb_pass
from .cpu_pass_parts import scores_of_target, target_mask, total, weighted

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
    is_target, factors = target_mask(scores, labels), factor.unsqueeze(1)
    output = alpha.float() * scores.exp()
    delta = torch.where(is_target, output - positive.float(), output)
    # Near the fit expm1(d) - d needs float64. Computed apart, this costs little: one class per sample. Far from the
    # fit, take the same output as the delta, so that both overflow at the same score.
    of_target = scores_of_target(scores, labels)
    distance = of_target.double() - fit
    far = alpha.float() * of_target.exp() - positive * (distance + 1)
    near = positive * (distance.expm1() - distance)
    loss = weighted(torch.where(distance > FAR_FROM_FIT, far, near), factor).sum()
    return loss + total(weighted(torch.where(is_target, 0, output), factors)), weighted(delta, factors)


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
    is_target, factors = target_mask(scores, labels), factor.unsqueeze(1)
    alpha, offset, nearest, shift = alpha.float(), offsets.float(), fits.float(), shift.float()
    # The distance of a float32 score to a near float32 number is exact, that to the fit itself is not.
    rest = (fits - nearest).float()
    fit = torch.where(is_target, nearest[1], nearest[0])
    distance = (scores - fit) - torch.where(is_target, rest[1], rest[0])
    shifted, shifted_fit = scores + shift, fit + shift
    potential = alpha / 4 * distance**2 * ((shifted + shifted_fit) ** 2 + 2 * shifted_fit**2)
    delta = alpha * shifted**3 + torch.where(is_target, offset[1], offset[0])
    return total(weighted(potential, factors)), weighted(delta, factors)


def pow3_gb_constants(formula: BoostedFormula) -> tuple[float, tuple[float, ...], tuple[float, ...], float]:
    """Return alpha, the offsets, the fits and the shift."""
    offsets = tuple(formula.beta - target for target in formula.targets)
    return formula.alpha, offsets, tuple(formula.fit(target) for target in formula.targets), formula.shift


PASSES = {
    'exp_gb': CompiledPass(
        CompiledOnDemand(exp_gb_pass), exp_gb_constants, covers=lambda formula: formula.targets[0] == 0
    ),
    'pow3_gb': CompiledPass(CompiledOnDemand(pow3_gb_pass), pow3_gb_constants, covers=lambda formula: True),
    'clipped exp_gb': CompiledPass(
        CompiledOnDemand(clipped_exp_gb_pass), clipped_constants, covers=lambda formula: formula.targets[0] == 0
    ),
    'clipped pow3_gb': CompiledPass(
        CompiledOnDemand(clipped_pow3_gb_pass), clipped_constants, covers=lambda formula: True
    ),
}


def pass_of(formula: BoostedFormula) -> CompiledPass:
    """Return the compiled loop of a formula; one with ``max_delta`` has a loop of its own."""
    return PASSES[formula.kernel if formula.max_delta is None else f'clipped {formula.kernel}']


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
    one_pass = pass_of(formula)
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
    constants = pass_of(formula).constants(formula)
    return tuple(torch.tensor(constant, dtype=torch.float64, device='cpu') for constant in constants)
