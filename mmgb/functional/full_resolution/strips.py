"""Any loss of enlarged scores, one strip of rows at a time.

A strip of rows is enlarged, its loss is computed and differentiated, and it is freed before the next one. The result is
exact, for every loss that is a sum over the pixels. The memory is that of one strip instead of the enlarged scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..autocast import without_autocast
from ..losses.formula import widened
from .axis import Axis, enlarged_axes

STRIP_SCORES = {True: 2**20, False: 2**26}  # enlarged scores of a strip, on a CPU and on an accelerator


def loss_in_strips(
    scores: Tensor,
    size: tuple[int, int],
    loss_of_rows: Callable[[Tensor, slice], Tensor],
    *,
    align_corners: bool = False,
) -> Tensor:
    """Sum the losses of the strips of the enlarged scores.

    Args:
        scores (Tensor): (N, C, h, w). float16 and bfloat16 scores are enlarged in float32, also under autocast.
        size (tuple[int, int]): height and width after the enlargement, at least those of the scores.
        loss_of_rows (Callable): function of the enlarged scores (N, C, R, W) of some rows and the slice of these rows.
            It returns the sum of the losses of their pixels, or that sum over a constant, but no mean over the strip.
        align_corners (bool): as in ``F.interpolate``.

    Returns:
        Tensor: a scalar, differentiable once, by the scores alone.

    Raises:
        ConfigError: if the scores are not (N, C, h, w), or larger than ``size``.
    """
    axes = enlarged_axes(scores, size, align_corners)
    with without_autocast(scores.device):
        return _SumOfStrips.apply(scores, axes, loss_of_rows, scores.requires_grad and torch.is_grad_enabled())


class Strip(NamedTuple):
    """Some rows of the enlarged scores, and the rows of samples that they are interpolated from."""

    rows: slice
    samples: slice


def strips(scores: Tensor, axes: tuple[Axis, Axis]) -> Iterator[Strip]:
    """Cut the enlarged rows of the scores (N, C, h, w) into strips that bound the memory."""
    vertical, horizontal = axes
    step = max(1, STRIP_SCORES[scores.is_cpu] // max(1, scores.shape[0] * scores.shape[1] * horizontal.points))
    for first in range(0, vertical.points, step):
        rows = slice(first, min(first + step, vertical.points))
        top, bottom = vertical.cell[first], vertical.corners(vertical.cell[rows.stop - 1])[1]
        yield Strip(rows, slice(int(top), int(bottom) + 1))


def enlarge_strip(samples: Tensor, axes: tuple[Axis, Axis], strip: Strip) -> Tensor:
    """Return the enlarged rows (N, C, R, W) of the strip's samples, differentiably."""
    vertical, horizontal = axes
    low, high = (
        samples.index_select(2, (sample - strip.samples.start).to(samples.device))
        for sample in vertical.corners(vertical.cell[strip.rows])
    )
    enlarged = torch.lerp(low, high, vertical.offset[strip.rows].to(samples).unsqueeze(1))
    size = enlarged.shape[2], horizontal.points
    return F.interpolate(enlarged, size, mode='bilinear', align_corners=horizontal.align_corners)


class _SumOfStrips(torch.autograd.Function):
    """Sum of the losses of all strips, whose gradient is computed in the forward pass."""

    @staticmethod
    def forward(
        ctx: Any,
        scores: Tensor,
        axes: tuple[Axis, Axis],
        loss_of_rows: Callable[[Tensor, slice], Tensor],
        want_gradient: bool,
    ) -> Tensor:
        precise = scores.detach().to(torch.promote_types(scores.dtype, torch.float32))
        total = widened(precise.new_zeros(()))
        gradient = torch.zeros_like(precise) if want_gradient else None
        for strip in strips(precise, axes):
            samples = precise[:, :, strip.samples].detach().requires_grad_(want_gradient)
            with torch.set_grad_enabled(want_gradient):
                loss = loss_of_rows(enlarge_strip(samples, axes, strip), strip.rows)
            total = total + widened(loss.detach())
            if gradient is not None:
                gradient[:, :, strip.samples] += torch.autograd.grad(loss, samples)[0]
        ctx.gradient, ctx.dtype = gradient, scores.dtype
        return total.to(precise.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        return (ctx.gradient * upstream).to(ctx.dtype), None, None, None
