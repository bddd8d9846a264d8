"""Autograd functions that end or fork gradients at range boundaries.

Modules may overwrite their input or a source's output in place. Therefore :class:`Gate` and :class:`Entry` return an
alias, which shares the memory of the original but not its autograd history, and an auxiliary loss gets a copy.

To be freed without the garbage collector, the graph must not contain reference cycles: an entry refers to gates, which
are below it in the graph, and a gate refers to nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.autograd.graph import GradientEdge

NO_TASK = -1  # number of the backward pass outside of any


class BackwardState:
    """State that the gates and entries of one graph share during a backward pass; it holds no tensor of the graph."""

    relaying = False  # True while an entry sends its gradient to the gates in a nested backward pass


class SurvivingGradient:
    """Accumulator for the gradient that a gate lets through in one backward pass.

    A backward pass that ends above the gate, as ``torch.autograd.grad`` of a layer there does, adds to the sum and
    doesn't take it. So a sum belongs to its backward pass, and the next one begins anew.
    """

    def __init__(self) -> None:
        self._sum: Tensor | None = None
        self._task = NO_TASK

    def add(self, gradient: Tensor) -> None:
        task = torch._C._current_graph_task_id()
        if self._task != task:
            self._sum, self._task = None, task
        self._sum = gradient if self._sum is None else self._sum + gradient

    def take(self) -> Tensor | None:
        """Return the sum of this backward pass, or None if nothing was added, and reset it."""
        total, self._sum = self._sum, None
        return total if self._task == torch._C._current_graph_task_id() else None


class GateHandle(NamedTuple):
    """A gate in the graph, and the accumulator of the gradient that it lets through."""

    edge: GradientEdge
    surviving: SurvivingGradient


class Gate(torch.autograd.Function):
    """Alias of a lowest module's input. Its backward pass replaces the gradient by the surviving one, or by None."""

    @staticmethod
    def forward(ctx: Any, entering: Tensor, state: BackwardState, surviving: SurvivingGradient) -> Tensor:
        ctx.state, ctx.surviving = state, surviving
        return entering.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, None, None]:
        return grad if ctx.state.relaying else ctx.surviving.take(), None, None


class Entry(torch.autograd.Function):
    """Alias or copy of a source's output. Its backward pass first sends the gradient to the gates it survives."""

    @staticmethod
    def forward(ctx: Any, output: Tensor, state: BackwardState, gates: list[GateHandle], copy: bool) -> Tensor:
        ctx.output, ctx.state, ctx.gates = output, state, gates
        return output.clone() if copy else output.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        if ctx.gates and not ctx.state.relaying:
            ctx.state.relaying = True
            try:
                edges = [gate.edge for gate in ctx.gates]
                gradients = torch.autograd.grad(ctx.output, edges, grad, retain_graph=True)
            finally:
                ctx.state.relaying = False
            for gate, gradient in zip(ctx.gates, gradients):
                gate.surviving.add(gradient)
        return grad, None, None, None
