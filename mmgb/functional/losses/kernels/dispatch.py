"""Choose the kernel of a boosted loss, and make it differentiable.

On a CPU, value and gradient of float32 scores are computed together in the forward pass, and the backward pass only
multiplies that gradient by the upstream gradient. On a GPU, where arithmetic is cheap compared with memory traffic, and
in half precision, where the gradient must be scaled before it is rounded, the backward pass reads the scores again
instead. That makes two reads and one write of the scores, whatever the upstream gradient is.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor

from ..error_delta import potentials
from ..formula import BoostedFormula, Formula
from ..function_transforms import is_transformed
from . import cpu_compiled


class Evaluate(Protocol):
    """A kernel, see :func:`mmgb.functional.losses.kernels.cpu_blocks.evaluate`."""

    def __call__(
        self,
        formula: BoostedFormula,
        scores: Tensor,
        target: Tensor,
        weight: Tensor,
        scale: Tensor,
        *,
        per_sample: bool,
        want_loss: bool,
        want_gradient: bool,
    ) -> tuple[Tensor | None, Tensor | None]: ...


class FusedGBLoss(torch.autograd.Function):
    """Weighted losses of the samples or their sum. Targets and weights receive no gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        scores: Tensor,
        target: Tensor,
        weight: Tensor,
        scale: Tensor,
        formula: BoostedFormula,
        per_sample: bool,
        evaluate: Evaluate,
        keep_gradient: bool,
    ) -> Tensor | None:
        loss, ctx.gradient = evaluate(
            formula,
            scores,
            target,
            weight,
            scale,
            per_sample=per_sample,
            want_loss=True,
            want_gradient=keep_gradient,
        )
        ctx.save_for_backward(scores, target, weight, scale)
        ctx.formula, ctx.per_sample, ctx.evaluate = formula, per_sample, evaluate
        return loss

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        scores, target, weight, scale = ctx.saved_tensors
        if torch.is_grad_enabled():  # create_graph=True: the gradient itself will be differentiated
            single = scores.to(scale.dtype).masked_fill((weight == 0).unsqueeze(1), 0)
            terms = potentials(ctx.formula, single, target)
            (gradient,) = torch.autograd.grad(
                terms, scores, (weight * scale * upstream).unsqueeze(1).expand_as(terms), create_graph=True
            )
        elif ctx.gradient is None:
            if ctx.per_sample:
                weight = weight * upstream
            else:
                scale = scale * upstream
            _, gradient = ctx.evaluate(
                ctx.formula,
                scores,
                target,
                weight,
                scale,
                per_sample=False,
                want_loss=False,
                want_gradient=True,
            )
        else:
            # Release the cached gradient so it can be scaled in place; a second backward pass recomputes it.
            gradient, ctx.gradient = ctx.gradient, None
            if ctx.per_sample:
                gradient.mul_(upstream.unsqueeze(1))
            elif upstream.item() != 1:
                gradient.mul_(upstream)
        return gradient, *[None] * 7


def fused_loss(
    formula: Formula, scores: Tensor, target: Tensor, weight: Tensor, scale: Tensor, *, per_sample: bool
) -> Tensor | None:
    """Compute the loss with a kernel. Returns None where only the differentiable formula works.

    Args:
        formula (Formula): the loss.
        scores (Tensor): linear outputs, (N, C) or (N, C, ...).
        target (Tensor): labels or class scores, already validated.
        weight (Tensor): factor of each sample, of the labels' shape.
        scale (Tensor): scalar factor of all samples.
        per_sample (bool): whether to return one loss per sample instead of their sum.
    """
    half = scores.dtype in (torch.float16, torch.bfloat16)
    plain = type(scores) in (Tensor, torch.nn.Parameter) and (half or scores.dtype == torch.float32)
    if formula.kernel is None or is_transformed() or not plain or weight.requires_grad or scale.requires_grad:
        return None
    evaluate = _evaluator(scores.device.type)
    if evaluate is None:
        return None
    keep_gradient = scores.is_cpu and not half and scores.requires_grad and torch.is_grad_enabled()
    return FusedGBLoss.apply(scores, target, weight, scale, formula, per_sample, evaluate, keep_gradient)


@cache
def _evaluator(device_type: str) -> Evaluate | None:
    """Return the kernel for a type of device, None if there is none."""
    if device_type == 'cpu':
        return cpu_compiled.evaluate
    if device_type == 'cuda' and importlib.util.find_spec('triton') is not None:
        from . import triton_kernel

        return triton_kernel.evaluate
    return None
