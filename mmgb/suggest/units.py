"""Find the modules of a network through which everything passes, in the order in which they run.

Such a *unit* takes one tensor and returns one feature map, runs once, and is the only way from the layers above it to
the layers below it: a gradient can be ended at its input and forked at its output. It is a stage of the backbone, or a
block in nested sequences of it. A module between two levels that a head reads is no unit, nor is one of two branches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.autograd.graph import Node, get_gradient_edge

from mmgb.functional.relay.recorded_graph import nodes_below, parameters_of


class Unit(NamedTuple):
    """A module through which everything passes.

    Attributes:
        path: its path in the model.
        begins: share of the backbone's layers with weight matrices that have run before it.
        ends: the same after it.
        channels: number of channels of its output.
        size: height and width of its output.
    """

    path: str
    begins: float
    ends: float
    channels: int
    size: tuple[int, int]


class _Call(NamedTuple):
    path: str
    begins: int  # layers that had run
    ends: int
    shape: tuple[int, ...]
    node: Node


class UnitTrace:
    """Hooks on the modules of a model's backbone that record one forward pass.

    Args:
        model (nn.Module): model with a ``backbone``.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._calls: list[_Call] = []
        self._runs: Counter[str] = Counter()
        self._begun: dict[str, int] = {}
        self._layers = 0
        self._handles = []
        modules = dict(model.named_modules())
        self._blocks = {path for path in modules if _is_stage_or_block(path, modules)}
        for path, module in modules.items():
            if path.startswith('backbone.'):
                self._handles.append(module.register_forward_pre_hook(partial(self._begin, path)))
                self._handles.append(module.register_forward_hook(partial(self._end, path), with_kwargs=True))

    def remove_hooks(self) -> None:
        for handle in self._handles:
            handle.remove()

    def units(self, losses: Sequence[Tensor]) -> list[Unit]:
        """Return the units in the order in which they ended, of modules with the same output the innermost first.

        Args:
            losses (Sequence[Tensor]): losses of the recorded pass.
        """
        names = {parameter: name for name, parameter in self._model.named_parameters()}
        roots = [loss.grad_fn for loss in losses if loss.grad_fn is not None]
        found = []
        for call in self._calls:
            if self._runs[call.path] > 1:
                continue
            above = nodes_below(roots, stop=call.node)
            below = parameters_of(nodes_below([call.node]), names)
            if call.node in above and below and not below & parameters_of(above, names):
                depths = (call.begins / self._layers, call.ends / self._layers)
                found.append(Unit(call.path, *depths, call.shape[1], call.shape[2:]))
        return found

    def path_of(self, features: Tensor) -> str | None:
        """Return the path of the innermost module whose output a feature map is, None if there is none."""
        node = features.grad_fn and get_gradient_edge(features).node
        paths = (call.path for call in self._calls if call.node is node and self._runs[call.path] == 1)
        return next(paths, None)

    def _begin(self, path: str, module: nn.Module, args: tuple[Any, ...]) -> None:
        self._begun[path] = self._layers

    def _end(self, path: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        self._runs[path] += 1
        weight = getattr(module, 'weight', None)
        self._layers += isinstance(weight, nn.Parameter) and weight.dim() > 1
        inputs = [*args, *kwargs.values()]
        one_to_one = len(inputs) == 1 and isinstance(inputs[0], Tensor) and isinstance(output, Tensor)
        if path in self._blocks and one_to_one and output.dim() == 4 and output.requires_grad:
            node = get_gradient_edge(output).node
            self._calls.append(_Call(path, self._begun[path], self._layers, tuple(output.shape), node))


def _is_stage_or_block(path: str, modules: Mapping[str, nn.Module]) -> bool:
    """Return True for children of the backbone and of its nested sequences."""
    parent = path.rpartition('.')[0]
    while parent.startswith('backbone.'):
        if not isinstance(modules[parent], (nn.Sequential, nn.ModuleList)):
            return False
        parent = parent.rpartition('.')[0]
    return parent == 'backbone'
