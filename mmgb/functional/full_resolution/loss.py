r"""Losses of bilinearly enlarged scores, without the enlarged scores.

Segmentation heads predict scores at a quarter or an eighth of the image's resolution and enlarge them before the loss.
The enlarged scores of four images of 512 x 512 pixels and 150 classes take 630 MB, and cross-entropy makes two more
tensors of that size. A loss that is a sum of one function of each output needs none of them. With the potential F of a
:class:`~mmgb.functional.losses.formula.Formula` whose delta is linear in the target, a pixel with label y has the loss

.. math::
    \sum_c F(x_c, t^-) - \lambda x_y + \mu, \qquad \lambda = \delta(0, t^-) - \delta(0, t^+), \quad
    \mu = F(0, t^+) - F(0, t^-)

- The first term does not depend on the label. :mod:`mmgb.functional.full_resolution.quadrature` computes its gradient
  at few nodes of each cell between four neighbouring samples.
- The second one is linear in the scores: each pixel adds its interpolation weights to the gradient of its class at its
  four samples.
- The third one is a constant.

Only the gradients are computed, of the size of the scores. The value follows from them, because the potential is
:math:`a + b x + (c + d x)\, \delta(x, t^-)` with numbers a to d, and the enlarged scores are linear in the scores: the
weighted sum of :math:`\delta` over the pixels is the sum of its gradient, and that of :math:`x \delta` is the product
of the gradient and the scores. These terms cancel near the fit, so they are summed in double precision.

What the quadrature does not cover is enlarged in strips (:mod:`mmgb.functional.full_resolution.strips`).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..autocast import without_autocast
from ..errors import ConfigError
from ..losses.elementwise import elementwise_loss
from ..losses.formula import Formula, widened
from ..losses.settings import shown
from .axis import Axis, enlarged_axes
from .label_part import label_part
from .pixel_weights import pixel_weights
from .quadrature import add_gradient_of_wrong_classes, extreme_weights
from .rough_outputs import rough_outputs
from .strips import loss_in_strips

MOMENTS = 2**18  # numbers that are converted to double precision at once
MOST_ROUGH = 0.2  # share of the outputs that are evaluated at their pixels, above which strips are faster


def upsampled_loss(
    scores: Tensor,
    target: Tensor,
    formula: Formula,
    *,
    size: tuple[int, int] | None = None,
    align_corners: bool = False,
    weight: Tensor | None = None,
    class_weight: Tensor | None = None,
    ignore_index: int | None = None,
    avg_non_ignore: bool = True,
    reduction: str = 'mean',
    avg_factor: float | None = None,
) -> Tensor:
    """Compute an elementwise loss of bilinearly enlarged scores, summed over the classes and reduced over the pixels.

    The result is that of ``elementwise_loss(F.interpolate(scores, size, mode='bilinear', ...), target, formula)``. It
    is exact up to rounding, except that exp-GB's mean error delta in a cell is off by at most 0.001 of the distance of
    its targets. Memory and time are those of the scores as they are, a few times over.

    Formulas without a ``degree`` (with ``max_delta``, mirrored exp-GB, squared error of sigmoid or tanh) and class
    scores are computed in strips of rows, exactly.

    Args:
        scores (Tensor): linear outputs, (N, C, h, w). float16 and bfloat16 scores are computed in float32, also under
            autocast.
        target (Tensor): labels, integers of shape (N, H, W) with H >= h and W >= w, or class scores in [0, 1] of shape
            (N, C, H, W) that are a distribution over the classes.
        formula (Formula): the loss, such as :class:`~mmgb.functional.losses.pow3_gb.Pow3GB`.
        size (tuple[int, int] | None): height and width to enlarge to. Default: None, those of the target, which it must
            equal.
        align_corners (bool): as in ``F.interpolate``.
        weight (Tensor | None): factor of each pixel, (N, H, W), or of a shape that broadcasts to it.
        class_weight, ignore_index, avg_non_ignore, avg_factor: see
            :func:`mmgb.functional.losses.elementwise.elementwise_loss`.
        reduction (str): ``'mean'`` or ``'sum'``. ``'none'`` would need the loss of each pixel.

    Returns:
        Tensor: a scalar, differentiable once, by the scores alone. Ignored and zero-weight pixels contribute neither
            loss nor gradient, even if their scores are NaN.

    Raises:
        ConfigError: if ``formula`` is another object, the scores are larger than the image, ``size`` is not the
            target's, an option is invalid, or a tensor does not fit.
    """
    if not isinstance(formula, Formula):
        raise ConfigError(
            f'formula={shown(formula)}: expected a formula of mmgb.functional.losses, a sum of one function of each '
            'output; mmgb.functional.loss_in_strips computes other losses, such as cross-entropy'
        )
    pixel_weight = pixel_weights(
        scores,
        target,
        weight=weight,
        class_weight=class_weight,
        ignore_index=ignore_index,
        avg_non_ignore=avg_non_ignore,
        reduction=reduction,
        avg_factor=avg_factor,
    )
    labels_size = target.shape[-2], target.shape[-1]
    if size is not None and tuple(size) != labels_size:
        raise ConfigError(f'size={shown(size)}: expected the size of the target, {labels_size}')
    axes = enlarged_axes(scores, labels_size, align_corners)
    if formula.degree is not None and target.dim() == 3 and len(scores):
        with without_autocast(scores.device):  # autocast would multiply in half precision
            extremes = extreme_weights(pixel_weight, axes)
            precise = _reached_scores(scores.detach().to(pixel_weight.dtype), extremes, axes)
            rough = rough_outputs(formula, precise, axes)
            if rough is None or rough.count_nonzero() <= MOST_ROUGH * rough.numel():
                want_gradient = scores.requires_grad and torch.is_grad_enabled()
                return _UpsampledLoss.apply(
                    scores, precise, target, pixel_weight, formula, axes, extremes, rough, want_gradient
                )

    def loss_of_rows(enlarged: Tensor, rows: slice) -> Tensor:
        return elementwise_loss(
            enlarged,
            target[..., rows, :],
            formula,
            fused=True,
            weight=pixel_weight[:, rows],
            ignore_index=ignore_index,
            reduction='sum',
        )

    return loss_in_strips(scores, labels_size, loss_of_rows, align_corners=align_corners)


class _UpsampledLoss(torch.autograd.Function):
    """Weighted sum of the losses of the enlarged pixels. The gradient of the scores is computed in the forward pass."""

    @staticmethod
    def forward(
        ctx: Any,
        scores: Tensor,
        precise: Tensor,
        labels: Tensor,
        weight: Tensor,
        formula: Formula,
        axes: tuple[Axis, Axis],
        extremes: tuple[Tensor, Tensor],
        rough: Tensor | None,
        want_gradient: bool,
    ) -> Tensor:
        a, b, c, d = formula.potential_by_delta(formula.targets[0])
        gradient, rest = label_part(formula, precise, labels, weight, axes)
        label_sum, label_product = _moments(gradient, precise)
        missed = add_gradient_of_wrong_classes(formula, precise, weight, extremes, axes, rough, gradient)
        whole_sum, whole_product = _moments(gradient, precise)
        total = rest + label_product + missed + c * (whole_sum - label_sum) + d * (whole_product - label_product)
        if a or b:
            size, corners = weight.shape[1:], axes[0].align_corners
            summed = F.interpolate(widened(precise.sum(1, keepdim=True)), size, mode='bilinear', align_corners=corners)
            total = total + ((a * precise.shape[1] + b * summed[:, 0]) * weight).sum()
        ctx.gradient, ctx.dtype = gradient if want_gradient else None, scores.dtype
        return total.to(weight.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        return (ctx.gradient * upstream).to(ctx.dtype), *[None] * 8


def _reached_scores(scores: Tensor, extremes: tuple[Tensor, Tensor], axes: tuple[Axis, Axis]) -> Tensor:
    """Return the scores, 0 at the samples that no pixel with a weight is interpolated from, since they may be NaN."""
    smallest, largest = extremes
    cells = torch.maximum(largest, -smallest)
    reached = F.max_pool2d(F.pad(cells, (1, 1, 1, 1)), kernel_size=2, stride=1) > 0
    reached = reached[:, : axes[0].samples, : axes[1].samples]
    return (scores if reached.all() else scores.masked_fill(~reached.unsqueeze(1), 0)).contiguous()


def _moments(gradient: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return the sum of the gradient and of its product with the scores, in double precision.

    They are computed a part at a time, since the numbers in double precision take memory.
    """
    sums, products = [], []
    for slope, part in zip(gradient.view(-1).split(MOMENTS), scores.view(-1).split(MOMENTS)):
        slope = widened(slope)
        sums.append(slope.sum())
        products.append(slope @ widened(part))
    return torch.stack(sums).sum(), torch.stack(products).sum()
