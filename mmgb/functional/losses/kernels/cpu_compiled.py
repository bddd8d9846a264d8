"""The boosted losses on a CPU, compiled: one loop over the scores writes the gradient and sums the losses.

The compiler is PyTorch's own, which needs a C++ compiler on the machine. It takes a few seconds once a process, which
many scores soon win back. Few scores, and all but the usual case, go through
:mod:`mmgb.functional.losses.kernels.cpu_blocks`; so does everything where nothing can be compiled.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from ..formula import BoundedForm, ExpGB, Pow3GB
from . import cpu_blocks
from .compiled_on_demand import CompiledOnDemand

FEWEST_SCORES = 2**16


def exp_gb_pass(
    scores: Tensor, labels: Tensor, factor: Tensor, alpha: Tensor, positive: Tensor, fit: Tensor
) -> tuple[Tensor, Tensor]:
    """exp-GB with the negative target 0: the sum of the samples' losses times ``factor``, and its gradient.

    Args:
        scores: (N, C, P), float32.
        labels: (N, P); outside the classes only where the factor is 0.
        factor: (N, P); where it is 0, nothing counts.
        alpha, positive, fit: of the loss, the target and the score of the right class, float64. They are tensors, for
            a number would be compiled in.
    """
    is_right, factors = _is_right(scores, labels), factor.unsqueeze(1)
    output = alpha.float() * scores.exp()
    delta = torch.where(is_right, output - positive.float(), output)
    # Near the fit expm1(d) - d needs float64: apart, for there is only one right class a sample.
    right = scores.gather(1, labels.clamp(0, scores.shape[1] - 1).unsqueeze(1)).squeeze(1)
    distance = right.double() - fit
    loss = _weighted(positive * (distance.expm1() - distance), factor).sum()
    return loss + _total(_weighted(torch.where(is_right, 0, output), factors)), _weighted(delta, factors)


def pow3_gb_pass(
    scores: Tensor, labels: Tensor, factor: Tensor, alpha: Tensor, offsets: Tensor, fits: Tensor
) -> tuple[Tensor, Tensor]:
    """pow3-GB: as :func:`exp_gb_pass`, with ``beta - target`` and the fit of a wrong and of the right class, (2,)."""
    is_right, factors = _is_right(scores, labels), factor.unsqueeze(1)
    alpha, offset, nearest = alpha.float(), offsets.float(), fits.float()
    # The distance of a float32 score to a float32 number near it is exact, that to the fit itself isn't.
    rest = (fits - nearest).float()
    fit = torch.where(is_right, nearest[1], nearest[0])
    distance = (scores - fit) - torch.where(is_right, rest[1], rest[0])
    potential = alpha / 4 * distance**2 * ((scores + fit) ** 2 + 2 * fit**2)
    delta = alpha * scores**3 + torch.where(is_right, offset[1], offset[0])
    return _total(_weighted(potential, factors)), _weighted(delta, factors)


def _is_right(scores: Tensor, labels: Tensor) -> Tensor:
    """Where the scores of the right classes stand, (N, C, P)."""
    return torch.arange(scores.shape[1], device=scores.device).view(1, -1, 1) == labels.unsqueeze(1)


def _weighted(values: Tensor, factor: Tensor) -> Tensor:
    """The product, with 0 * inf = 0."""
    return torch.where(factor == 0, 0, values * factor)


def _total(values: Tensor) -> Tensor:
    """The sum of (N, C, P) values, each class's over an image in float32, which is faster, the rest in float64."""
    if values.shape[2] > 1:
        values = values.sum(2)
    return values.sum(dtype=torch.float64)


PASSES = {ExpGB: CompiledOnDemand(exp_gb_pass), Pow3GB: CompiledOnDemand(pow3_gb_pass)}


def evaluate(
    scores: Tensor,
    target: Tensor,
    weight: Tensor,
    scale: Tensor,
    form: BoundedForm,
    targets: tuple[float, float],
    *,
    per_sample: bool,
    want_loss: bool,
    want_gradient: bool,
) -> tuple[Tensor | None, Tensor | None]:
    """As :func:`mmgb.functional.losses.kernels.cpu_blocks.evaluate`."""
    found = None
    if want_loss and want_gradient and not per_sample and _is_worth_it(scores, target, form, targets):
        images, classes = scores.shape[:2]
        found = PASSES[type(form)](
            scores.view(images, classes, -1),
            target.reshape(images, -1),
            (weight * scale).reshape(images, -1),
            *_constants(form, targets),
        )
    if found is None:
        return cpu_blocks.evaluate(
            scores,
            target,
            weight,
            scale,
            form,
            targets,
            per_sample=per_sample,
            want_loss=want_loss,
            want_gradient=want_gradient,
        )
    loss, gradient = found
    return loss.float(), gradient.view(scores.shape)


def _is_worth_it(scores: Tensor, target: Tensor, form: BoundedForm, targets: tuple[float, float]) -> bool:
    """Whether this is the usual case, and large enough."""
    usual_loss = form.max_delta is None and (isinstance(form, Pow3GB) or targets[0] == 0)
    dense = scores.is_contiguous() or scores.movedim(1, -1).is_contiguous()
    return (
        usual_loss
        and dense
        and target.shape != scores.shape
        and scores.dtype == torch.float32
        and scores.numel() >= FEWEST_SCORES
    )


@cache
def _constants(form: BoundedForm, targets: tuple[float, float]) -> tuple[Tensor, ...]:
    """What a pass takes after the factor."""
    negative, positive = targets
    if isinstance(form, ExpGB):
        numbers = form.alpha, positive, form.fit(positive)
    else:
        numbers = form.alpha, (form.beta - negative, form.beta - positive), (form.fit(negative), form.fit(positive))
    return tuple(torch.tensor(number, dtype=torch.float64, device='cpu') for number in numbers)
