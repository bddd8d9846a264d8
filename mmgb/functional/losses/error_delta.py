r"""A potential forward, its error delta backward.

A loss of mmgb is a sum of one function of each output alone, given by its *error delta* :math:`\delta(x, t)`, what is
back-propagated at an output, and its *potential* :math:`F(x, t)` with :math:`\partial F / \partial x = \delta`, which
is 0 at a perfect fit.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class ElementwiseForm(Protocol):
    """A loss: functions of scores and their targets t, of the scores' shape or one number for all of them."""

    target_range: tuple[float, float]

    def potential(self, scores: Tensor, values: Tensor | float) -> Tensor: ...

    def delta(self, scores: Tensor, values: Tensor | float) -> Tensor: ...

    def output(self, scores: Tensor) -> Tensor: ...

    def fit(self, value: float) -> float: ...


class BackpropagateDelta(torch.autograd.Function):
    """Forward the potential, backward the error delta: the papers' formula is literally what flows back.

    The delta is made of differentiable operations, so second derivatives (``create_graph=True``) follow from it.
    The targets receive no gradient.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(scores: Tensor, values: Tensor | float, form: ElementwiseForm) -> Tensor:
        return form.potential(scores, values)

    @staticmethod
    def setup_context(ctx, inputs, output) -> None:
        scores, values, ctx.form = inputs
        ctx.number = None if isinstance(values, Tensor) else values
        ctx.save_for_backward(scores, *([values] if isinstance(values, Tensor) else []))

    @staticmethod
    def backward(ctx, grad: Tensor):
        scores, *values = ctx.saved_tensors
        return grad * ctx.form.delta(scores, *(values or [ctx.number])), None, None


def potentials(scores: Tensor, target: Tensor, form: ElementwiseForm, targets: tuple[float, float]) -> Tensor:
    """The potential of each output, whose gradient is its error delta.

    Args:
        scores: (N, C) or (N, C, ...).
        target: labels or class scores, as checked by :func:`mmgb.functional.losses.targets.check_target`; ignored
            labels count as some class.
        form: the loss.
        targets: ``(negative, positive)``; ``t = negative + (positive - negative) * p``, p one-hot for labels.
    """
    negative, positive = targets
    if target.shape == scores.shape:
        return BackpropagateDelta.apply(scores, negative + (positive - negative) * target.to(scores.dtype), form)
    labels = class_labels(target, scores.shape[1])
    right = BackpropagateDelta.apply(scores.gather(1, labels), positive, form)
    return BackpropagateDelta.apply(scores, negative, form).scatter(1, labels, right)


def class_labels(target: Tensor, classes: int) -> Tensor:
    """Labels as an index into (N, C, ...): int64, (N, 1, ...), ignored ones moved into the classes."""
    return target.long().clamp(0, classes - 1).unsqueeze(1)
