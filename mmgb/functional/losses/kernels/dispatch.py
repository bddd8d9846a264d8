"""exp-GB and pow3-GB at the speed of the memory: who computes them where, and what autograd sees.

On a CPU, value and gradient of float32 scores are computed together in the forward pass, and the backward pass only
multiplies that gradient by what comes from above. On a GPU, where arithmetic costs nothing beside the memory, and in
half precision, where a gradient must be scaled before it is rounded, the backward pass reads the scores once more
instead: two reads and one write of the scores in all, whatever comes from above.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Callable

import torch
from torch import Tensor

from ..error_delta import potentials
from ..formula import BoundedForm
from ..function_transforms import is_transformed
from . import cpu_compiled


class FusedGBLoss(torch.autograd.Function):
    """Weighted losses of the samples, or their sum. Targets and weights receive no gradient."""

    @staticmethod
    def forward(
        ctx,
        scores: Tensor,
        target: Tensor,
        weight: Tensor,
        scale: Tensor,
        form: BoundedForm,
        targets: tuple[float, float],
        per_sample: bool,
        evaluate: Callable,
        keep_gradient: bool,
    ) -> Tensor:
        loss, ctx.gradient = evaluate(
            scores,
            target,
            weight,
            scale,
            form,
            targets,
            per_sample=per_sample,
            want_loss=True,
            want_gradient=keep_gradient,
        )
        ctx.save_for_backward(scores, target, weight, scale)
        ctx.form, ctx.targets, ctx.per_sample, ctx.evaluate = form, targets, per_sample, evaluate
        return loss

    @staticmethod
    def backward(ctx, upstream: Tensor):
        scores, target, weight, scale = ctx.saved_tensors
        if torch.is_grad_enabled():  # create_graph=True: the gradient will itself be differentiated
            single = scores.to(scale.dtype).masked_fill((weight == 0).unsqueeze(1), 0)
            terms = potentials(single, target, ctx.form, ctx.targets)
            (gradient,) = torch.autograd.grad(
                terms, scores, (weight * scale * upstream).unsqueeze(1).expand_as(terms), create_graph=True
            )
        elif ctx.gradient is None:
            if ctx.per_sample:
                weight = weight * upstream
            else:
                scale = scale * upstream
            _, gradient = ctx.evaluate(
                scores,
                target,
                weight,
                scale,
                ctx.form,
                ctx.targets,
                per_sample=False,
                want_loss=False,
                want_gradient=True,
            )
        else:
            # Given away, and so scaled in place: a second backward pass through this graph computes it anew.
            gradient, ctx.gradient = ctx.gradient, None
            if ctx.per_sample:
                gradient.mul_(upstream.unsqueeze(1))
            elif upstream.item() != 1:
                gradient.mul_(upstream)
        return gradient, *[None] * 8


def fused_gb_loss(
    scores: Tensor,
    target: Tensor,
    weight: Tensor,
    scale: Tensor,
    form: BoundedForm,
    targets: tuple[float, float],
    per_sample: bool,
) -> Tensor | None:
    """The loss, or None where only the differentiable formula will do.

    Args:
        scores: (N, C) or (N, C, ...).
        target: labels or class scores, checked before.
        weight: of the labels' shape, a factor for each sample.
        scale: a scalar tensor, a factor for all.
        form: exp-GB or pow3-GB.
        targets: ``(negative, positive)``.
        per_sample: whether the losses are wanted one by one or as their sum.
    """
    half = scores.dtype in (torch.float16, torch.bfloat16)
    plain = type(scores) in (Tensor, torch.nn.Parameter) and (half or scores.dtype == torch.float32)
    if is_transformed() or not plain or weight.requires_grad or scale.requires_grad:
        return None
    evaluate = _evaluator(scores.device.type)
    if evaluate is None:
        return None
    keep_gradient = scores.is_cpu and not half and scores.requires_grad and torch.is_grad_enabled()
    return FusedGBLoss.apply(scores, target, weight, scale, form, targets, per_sample, evaluate, keep_gradient)


@cache
def _evaluator(device_type: str) -> Callable | None:
    """The implementation for a kind of device, if there is one."""
    if device_type == 'cpu':
        return cpu_compiled.evaluate
    if device_type == 'cuda' and importlib.util.find_spec('triton') is not None:
        from . import triton_kernel

        return triton_kernel.evaluate
    return None
