"""The boosted losses on a GPU: one Triton kernel that reads every score once and writes its delta, its loss, or both.

A program takes some samples and goes through their classes, so that label and weight are read once; it reads along
whichever of the two lies together in memory. All arithmetic is in float32; only class scores need a logarithm or a
cube root of their own, taken in float64, since near the fit the distance to it is a difference of near numbers.
"""

from __future__ import annotations

import math

import torch
import triton
import triton.language as tl
from torch import Tensor

from ..formula import BoundedForm, ExpGB
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
        right_delta = delta_of(right, negative + span, alpha, beta, max_delta, EXP, BOUNDED)
        if LOSS:
            loss += potential_of(
                right,
                negative + span,
                right_fit,
                right_rest,
                right_lower,
                right_upper,
                alpha,
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
                fit, rest, lower, upper = fit_of(t, alpha, alpha_rest, beta, beta_rest, max_delta, EXP, BOUNDED)
                terms = potential_of(x, t, fit, rest, lower, upper, alpha, max_delta, EXP, False, BOUNDED)
            else:
                terms = potential_of(
                    x, t, wrong_fit, wrong_rest, wrong_lower, wrong_upper, alpha, max_delta, EXP, ZERO, BOUNDED
                )
                terms = tl.where(is_right, 0.0, terms)
            loss += tl.sum(tl.where(read, terms, 0.0), 0)
        if GRADIENT:
            delta = delta_of(x, t, alpha, beta, max_delta, EXP, BOUNDED)
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
    """As :func:`mmgb.functional.losses.kernels.cpu_blocks.evaluate`. Scores with uneven strides are copied first."""
    flat = scores.flatten(2) if scores.dim() > 2 else scores.unsqueeze(2)
    soft = target.shape == scores.shape
    target = target.reshape(flat.shape if soft else (flat.shape[0], 1, flat.shape[2]))
    if weight.numel() and not any(weight.stride()):
        weight, weight_step = weight.as_strided((1,), (1,)), 0
    else:
        weight, weight_step = weight.reshape(-1), 1
    samples, classes = flat.shape[0] * flat.shape[2], flat.shape[1]
    tile = _tile(classes, flat.stride(1))
    programs = triton.cdiv(samples, tile['SAMPLES'])
    gradient = torch.empty_like(flat if want_gradient else flat[:0])
    losses = flat.new_empty(samples if per_sample else programs, dtype=torch.float32)
    bounded = form.max_delta is not None
    if samples:
        with torch.cuda.device_of(scores):
            _kernel[(programs,)](
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
                *_two_parts(form.alpha),
                *_two_parts(getattr(form, 'beta', 0.0)),
                form.max_delta if bounded else 0.0,
                targets[0],
                targets[1] - targets[0],
                *_constants(form, targets[0]),
                *_constants(form, targets[1]),
                EXP=isinstance(form, ExpGB),
                ZERO=targets[0] == 0,
                SOFT=soft,
                BOUNDED=bounded,
                LOSS=want_loss,
                PER_SAMPLE=per_sample,
                GRADIENT=want_gradient,
                **tile,
                enable_fp_fusion=not soft,
            )  # t = a + b*p must round as the reference's does: near the fit it shows
    loss = losses.view(scores.shape[:1] + scores.shape[2:]) if per_sample else losses.sum()
    return loss if want_loss else None, gradient.view(scores.shape) if want_gradient else None


def _tile(classes: int, class_stride: int) -> dict[str, int]:
    """Samples and classes that a program reads at once; chosen by rule, so that results don't depend on timings."""
    if class_stride != 1:
        return dict(SAMPLES=512, CLASSES=4)
    at_once = min(triton.next_power_of_2(classes), 1024)
    return dict(SAMPLES=1024 // at_once, CLASSES=at_once)


def _constants(form: BoundedForm, value: float) -> tuple[float, float, float, float]:
    """The fit of a target in two parts, and the bounds beyond which its delta is clipped."""
    fit = form.fit(value)
    if math.isinf(fit):  # exp-GB never quite fits the target 0
        fit = 0.0
    bounds = form.bounds(torch.tensor(value, dtype=torch.float64)) if form.max_delta is not None else (0.0, 0.0)
    return *_two_parts(fit), *(float(bound) for bound in bounds)


def _two_parts(value: float) -> tuple[float, float]:
    """The nearest float32 number and what is left."""
    nearest = torch.tensor(value, dtype=torch.float32).item()
    return nearest, value - nearest
