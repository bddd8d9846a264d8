"""The boosted losses on a GPU: one Triton kernel that reads each score once and writes its delta, its loss, or both.

A program processes some samples and loops over their classes, so it reads label and weight once. It reads along the
dimension that is contiguous in memory. All arithmetic is in float32. Only class scores need a logarithm or cube root
each, which is taken in float64, because the distance to the fit cancels near it.
"""
# mypy: allow-untyped-defs

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from ..formula import BoostedFormula
from .triton_math import delta_of, fit_of, potential_of


@triton.jit
def _kernel(
    scores_at,
    target_at,
    weight_at,
    scale_at,
    gradient_at,
    loss_at,
    samples,
    points,
    classes,
    weight_step,
    score_n,
    score_c,
    score_p,
    target_n,
    target_c,
    target_p,
    gradient_n,
    gradient_c,
    gradient_p,
    alpha,
    alpha_rest,
    beta,
    beta_rest,
    shift,
    shift_rest,
    max_delta,
    negative,
    span,
    wrong_fit,
    wrong_rest,
    wrong_lower,
    wrong_upper,
    right_fit,
    right_rest,
    right_lower,
    right_upper,
    EXP: tl.constexpr,
    ZERO: tl.constexpr,
    SOFT: tl.constexpr,
    BOUNDED: tl.constexpr,
    LOSS: tl.constexpr,
    PER_SAMPLE: tl.constexpr,
    GRADIENT: tl.constexpr,
    SAMPLES: tl.constexpr,
    CLASSES: tl.constexpr,
):
    program = tl.program_id(0).to(tl.int64)
    sample = program * SAMPLES + tl.arange(0, SAMPLES)
    exists = sample < samples
    n, p = sample // points, sample % points
    weight = tl.load(weight_at + sample * weight_step, mask=exists, other=0).to(tl.float32) * tl.load(scale_at)
    counts = exists & (weight != 0)
    score_row = scores_at + n * score_n + p * score_p
    gradient_row = gradient_at + n * gradient_n + p * gradient_p
    target_row = target_at + n * target_n + p * target_p
    loss = tl.zeros((SAMPLES,), tl.float32)
    if not SOFT:
        label = tl.load(target_row, mask=counts, other=0).to(tl.int64)
        right = tl.load(score_row + label * score_c, mask=counts, other=0).to(tl.float32)
        right_delta = delta_of(right, negative + span, alpha, beta, shift, max_delta, EXP, BOUNDED)
        if LOSS:
            loss += potential_of(
                right,
                negative + span,
                right_fit,
                right_rest,
                right_lower,
                right_upper,
                alpha,
                shift,
                max_delta,
                EXP,
                False,
                BOUNDED,
            )

    for first in range(0, classes, CLASSES):
        c = (first + tl.arange(0, CLASSES)).to(tl.int64)[:, None]
        read = (c < classes) & counts[None, :]
        x = tl.load(score_row[None, :] + c * score_c, mask=read, other=0).to(tl.float32)
        if SOFT:
            t = negative + span * tl.load(target_row[None, :] + c * target_c, mask=read, other=0).to(tl.float32)
        else:
            t = negative
            is_right = c == label[None, :]
        if LOSS:
            if SOFT:
                fit, rest, lower, upper = fit_of(
                    t, alpha, alpha_rest, beta, beta_rest, shift, shift_rest, max_delta, EXP, BOUNDED
                )
                terms = potential_of(x, t, fit, rest, lower, upper, alpha, shift, max_delta, EXP, False, BOUNDED)
            else:
                terms = potential_of(
                    x, t, wrong_fit, wrong_rest, wrong_lower, wrong_upper, alpha, shift, max_delta, EXP, ZERO, BOUNDED
                )
                terms = tl.where(is_right, 0.0, terms)
            loss += tl.sum(tl.where(read, terms, 0.0), 0)
        if GRADIENT:
            delta = delta_of(x, t, alpha, beta, shift, max_delta, EXP, BOUNDED)
            if not SOFT:
                delta = tl.where(is_right, right_delta[None, :], delta)
            delta = tl.where(read, delta * weight[None, :], 0.0)
            tl.store(
                gradient_row[None, :] + c * gradient_c,
                delta.to(gradient_at.dtype.element_ty),
                mask=(c < classes) & exists[None, :],
            )

    if LOSS:
        loss = tl.where(counts, loss * weight, 0.0)
        if PER_SAMPLE:
            tl.store(loss_at + sample, loss, mask=exists)
        else:
            tl.store(loss_at + program, tl.sum(loss, 0))


class Launch(NamedTuple):
    """Arguments of one launch of the kernel, and the tensors that it writes."""

    programs: int
    arguments: tuple[Tensor | float, ...]
    constants: dict[str, bool | int]  # and compiler options
    losses: Tensor
    gradient: Tensor


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
    """Compute the losses and their gradient, see :func:`mmgb.functional.losses.kernels.cpu_blocks.evaluate`.

    Scores whose sample dimensions cannot be flattened without a copy are copied first.
    """
    launch = prepare_launch(
        formula,
        scores,
        target,
        weight,
        scale,
        per_sample=per_sample,
        want_loss=want_loss,
        want_gradient=want_gradient,
    )
    if launch.programs:
        with torch.cuda.device_of(scores):
            _kernel[(launch.programs,)](*launch.arguments, **launch.constants)
    losses = launch.losses.view(scores.shape[:1] + scores.shape[2:]) if per_sample else launch.losses.sum()
    return losses if want_loss else None, launch.gradient.view(scores.shape) if want_gradient else None


def prepare_launch(
    formula: BoostedFormula,
    scores: Tensor,
    target: Tensor,
    weight: Tensor,
    scale: Tensor,
    *,
    per_sample: bool,
    want_loss: bool,
    want_gradient: bool,
) -> Launch:
    """Return the launch for arguments of :func:`evaluate`."""
    negative, positive = formula.targets
    flat = scores.flatten(2) if scores.dim() > 2 else scores.unsqueeze(2)
    soft = target.shape == scores.shape
    target = target.reshape(flat.shape if soft else (flat.shape[0], 1, flat.shape[2]))
    if weight.numel() and not any(weight.stride()):
        weight, weight_step = weight.as_strided((1,), (1,)), 0
    else:
        weight, weight_step = weight.reshape(-1), 1
    samples, classes = flat.shape[0] * flat.shape[2], flat.shape[1]
    tile = _tile(classes, flat.stride(1), soft)
    programs = triton.cdiv(samples, tile['SAMPLES'])
    gradient = torch.empty_like(flat if want_gradient else flat[:0])
    losses = flat.new_empty(samples if per_sample else programs, dtype=torch.float32)
    bounded = formula.max_delta is not None
    arguments: tuple[Tensor | float, ...] = (
        flat,
        target,
        weight,
        scale,
        gradient,
        losses,
        samples,
        flat.shape[2],
        classes,
        weight_step,
        *flat.stride(),
        *target.stride(),
        *gradient.stride(),
        *_two_parts(formula.alpha),
        *_two_parts(formula.beta),
        *_two_parts(formula.shift),
        formula.max_delta if formula.max_delta is not None else 0.0,
        negative,
        positive - negative,
        *_constants(formula, negative),
        *_constants(formula, positive),
    )
    constants = dict(
        EXP=formula.kernel == 'exp_gb',
        ZERO=negative == 0,
        SOFT=soft,
        BOUNDED=bounded,
        LOSS=want_loss,
        PER_SAMPLE=per_sample,
        GRADIENT=want_gradient,
        **tile,
        # With class scores t = a + b*p must round as in the reference: near the fit a fused multiply-add shows.
        enable_fp_fusion=not soft,
    )
    return Launch(programs, arguments, constants, losses, gradient)


def _tile(classes: int, class_stride: int, soft: bool) -> dict[str, int]:
    """Return how many samples and classes a program reads at once: a rule, since tuning would change the results.

    Class scores need more registers per score, for arithmetic in float64. Larger tiles would spill them to memory.
    """
    if class_stride != 1:
        return dict(SAMPLES=128 if soft else 512, CLASSES=4)
    scores = 512 if soft else 1024
    at_once = min(triton.next_power_of_2(classes), scores)
    return dict(SAMPLES=scores // at_once, CLASSES=at_once)


def _constants(formula: BoostedFormula, target: float) -> tuple[float, float, float, float]:
    """Return the fit of a target in two parts, and the scores beyond which its delta is clipped."""
    fit = formula.fit(target)
    if math.isinf(fit):  # the fit of exp-GB's target 0 is at -inf, and the kernel does not use it
        fit = 0.0
    bounds: tuple[Tensor | float, Tensor | float] = (0.0, 0.0)
    if formula.max_delta is not None:
        bounds = formula.clipping_bounds(torch.tensor(target, dtype=torch.float64, device='cpu'))
    lower, upper = (float(bound) for bound in bounds)
    return *_two_parts(fit), lower, upper


def _two_parts(number: float) -> tuple[float, float]:
    """Split a number into the nearest float32 number and the rest."""
    nearest = torch.tensor(number, dtype=torch.float32, device='cpu').item()
    return nearest, number - nearest
