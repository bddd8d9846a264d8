"""Evaluate a formula with autograd: the potential in the forward pass, the error delta in the backward pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .formula import Formula
from .targets import class_labels


class BackpropagateDelta(torch.autograd.Function):
    """Return the potential forward and the error delta backward, so that the papers' formula itself is the gradient.

    The delta consists of differentiable operations, so second derivatives (``create_graph=True``) work as well. The
    targets receive no gradient.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(scores: Tensor, targets: Tensor | float, formula: Formula) -> Tensor:
        return formula.potential(scores, targets)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor | float, Formula], output: Tensor) -> None:
        scores, targets, ctx.formula = inputs
        ctx.number = None if isinstance(targets, Tensor) else targets
        ctx.save_for_backward(scores, *([targets] if isinstance(targets, Tensor) else []))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        scores, *targets = ctx.saved_tensors
        return grad * ctx.formula.delta(scores, *(targets or [ctx.number])), None, None


class DifferentiateDelta(BackpropagateDelta):
    """The same with forward-mode differentiation, of which ``torch.compile`` supports no function."""

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor | float, Formula], output: Tensor) -> None:
        BackpropagateDelta.setup_context(ctx, inputs, output)
        ctx.save_for_forward(*(tensor for tensor in inputs if isinstance(tensor, Tensor)))

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: Any) -> Tensor:
        scores, *targets = ctx.saved_tensors
        return tangent * ctx.formula.delta(scores, *(targets or [ctx.number]))


def potentials(formula: Formula, scores: Tensor, target: Tensor) -> Tensor:
    """Return the potential of each output, differentiable with the error delta as its gradient.

    Args:
        formula (Formula): the loss.
        scores (Tensor): linear outputs, (N, C) or (N, C, ...).
        target (Tensor): labels or class scores, already validated. Ignored labels are treated as some class.
    """
    function = BackpropagateDelta if torch.compiler.is_compiling() else DifferentiateDelta
    if target.shape == scores.shape:
        return function.apply(scores, formula.target_of(target.to(scores.dtype)), formula)
    # Treat every class as wrong first, then replace the potentials of the target classes.
    negative, positive = formula.targets
    labels = class_labels(target, scores.shape[1])
    of_target_class = function.apply(scores.gather(1, labels), positive, formula)
    # Without the zeros an infinite delta that is replaced here would turn the gradient into 0 * inf = NaN.
    of_wrong_classes = function.apply(scores.scatter(1, labels, 0), negative, formula)
    return of_wrong_classes.scatter(1, labels, of_target_class)
