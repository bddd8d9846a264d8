r"""Losses that are a sum over the classes of one function of each output alone.

Softmax + cross-entropy ties the outputs of a sample together by its normaliser; the losses of mmgb don't. Each is
given by its *error delta* :math:`\delta(x, t)`, what is back-propagated at an output, and its *potential*
:math:`F(x, t)` with :math:`\partial F / \partial x = \delta`, which is 0 at a perfect fit. Everything else,
weights and averages, is here and the same for all of them.
"""
from typing import Callable, Optional

import torch
from torch import Tensor

from .target import target_values

Elementwise = Callable[[Tensor, Tensor], Tensor]


class BackpropagateDelta(torch.autograd.Function):
    """Forward the potential, backward the error delta: the papers' formula is literally what flows back.

    The delta is made of differentiable operations, so second derivatives (``create_graph=True``) follow from it.
    The targets receive no gradient.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(scores: Tensor, values: Tensor, potential: Elementwise, delta: Elementwise) -> Tensor:
        return potential(scores, values)

    @staticmethod
    def setup_context(ctx, inputs, output) -> None:
        scores, values, _, ctx.delta = inputs
        ctx.save_for_backward(scores, values)

    @staticmethod
    def backward(ctx, grad: Tensor):
        scores, values = ctx.saved_tensors
        return grad * ctx.delta(scores, values), None, None, None


def elementwise_loss(scores: Tensor, target: Tensor, potential: Elementwise, delta: Elementwise,
                     targets: tuple[float, float], *, weight: Optional[Tensor] = None,
                     class_weight: Optional[Tensor] = None, ignore_index: Optional[int] = None,
                     avg_non_ignore: bool = True, reduction: str = 'mean',
                     avg_factor: Optional[float] = None) -> Tensor:
    """Sum the potential over the classes and reduce it over the samples (images or pixels).

    Args:
        scores, target, targets, ignore_index: see :func:`mmgb.functional.target.target_values`. float16 and
            bfloat16 scores are computed in float32.
        potential, delta: functions of scores and real-valued targets of equal shape.
        weight: a factor for each sample, of the labels' shape or broadcast to it.
        class_weight: (C,) a factor for each sample by its label (by its class scores: ``sum_c p_c * w_c``).
        avg_non_ignore: whether ``'mean'`` divides by the number of samples that count, or of all.
        reduction: ``'mean'``, ``'sum'`` or ``'none'``. With class weights the mean divides by their sum over the
            samples that count, as cross-entropy does. It never divides by the sum of ``weight``.
        avg_factor: what ``'mean'`` divides by instead.

    Returns:
        A scalar, or for ``'none'`` a tensor of the labels' shape. A batch without a sample that counts gives 0.

    Raises:
        ValueError: what ``target_values`` raises, an unknown reduction, ``avg_factor`` together with ``'sum'``,
            ``class_weight`` of another length than C.
    """
    check_reduction(reduction)
    if avg_factor is not None and reduction == 'sum':
        raise ValueError(f"avg_factor={avg_factor}: a loss with reduction='sum' isn't averaged")
    if scores.dtype in (torch.float16, torch.bfloat16):
        scores = scores.float()

    values, valid = target_values(scores, target, targets, ignore_index)
    sample_weight = _class_weights(scores, target, class_weight, valid)
    counted = sample_weight if valid is None else sample_weight * valid
    factor = counted if weight is None else counted * weight
    if reduction == 'mean':
        if avg_factor is None:
            avg_factor = (counted if avg_non_ignore else sample_weight).sum()
            avg_factor = torch.where(avg_factor > 0, avg_factor, torch.ones_like(avg_factor))
        # Scaled before summing: a sum over a million pixels overflows long before any of its terms does.
        factor = factor / avg_factor
    if valid is not None:  # whatever stands at an ignored pixel, even inf, must neither count nor give 0 * inf
        scores = scores.masked_fill(~valid.unsqueeze(1), 0)

    terms = BackpropagateDelta.apply(scores, values, potential, delta)
    losses = (terms * factor.unsqueeze(1)).sum(1)
    return losses if reduction == 'none' else losses.sum()


def check_reduction(reduction: str) -> None:
    """Raise a ValueError unless the reduction is one of the three."""
    if reduction not in ('mean', 'sum', 'none'):
        raise ValueError(f"reduction={reduction!r}: expected 'mean', 'sum' or 'none'")


def _class_weights(scores: Tensor, target: Tensor, class_weight: Optional[Tensor],
                   valid: Optional[Tensor]) -> Tensor:
    """The class weight of each sample, of the labels' shape; ones without class weights."""
    if class_weight is None:
        return scores.new_ones(scores.shape[:1] + scores.shape[2:])
    if class_weight.shape != scores.shape[1:2]:
        raise ValueError(f'class_weight of shape {tuple(class_weight.shape)}: expected one weight for each of '
                         f'the {scores.shape[1]} classes')
    class_weight = class_weight.to(scores)
    if target.shape == scores.shape:
        return torch.tensordot(target.to(scores), class_weight, dims=([1], [0]))
    if valid is None:
        return class_weight[target.long()]
    return class_weight[target.long().masked_fill(~valid, 0)] * valid
