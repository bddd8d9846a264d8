"""What stands in the graph at the ends and the sources of Relay Backpropagation's ranges.

A layer may overwrite what enters it, or what a source has given: an alias made here shares the memory of its original
but not its history, and an auxiliary loss gets a copy. The graph must not refer to itself in a circle, or memory leaks:
an entry refers to gates, which lie below it, and a gate to nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.autograd.graph import GradientEdge


class Backward:
    """What the gates and entries of one graph share; it refers to nothing of the graph."""

    relaying = False


class Kept:
    """The share that a gate lets through, summed up before the gate is reached."""

    def __init__(self) -> None:
        self.share: Tensor | None = None

    def add(self, share: Tensor) -> None:
        self.share = share if self.share is None else self.share + share

    def take(self) -> Tensor | None:
        share, self.share = self.share, None
        return share


class Gate(torch.autograd.Function):
    """An alias of what enters a lowest module. Backward: the kept share, or None."""

    @staticmethod
    def forward(ctx, entering: Tensor, backward: Backward, kept: Kept) -> Tensor:
        ctx.shared, ctx.kept = backward, kept
        return entering.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        return grad if ctx.shared.relaying else ctx.kept.take(), None, None


class Entry(torch.autograd.Function):
    """An alias or a copy of a source's output. Backward: first brings the gradient to the gates it must pass alone."""

    @staticmethod
    def forward(ctx, output: Tensor, backward: Backward, gates: list[tuple[GradientEdge, Kept]], copy: bool) -> Tensor:
        ctx.output, ctx.shared, ctx.gates = output, backward, gates
        return output.clone() if copy else output.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad: Tensor):
        if ctx.gates and not ctx.shared.relaying:
            ctx.shared.relaying = True
            try:
                shares = torch.autograd.grad(ctx.output, [edge for edge, _ in ctx.gates], grad, retain_graph=True)
            finally:
                ctx.shared.relaying = False
            for (_, kept), share in zip(ctx.gates, shares):
                kept.add(share)
        return grad, None, None, None
