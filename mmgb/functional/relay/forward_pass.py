"""Insert gates and entries into the graph of one forward pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.utils.hooks import RemovableHandle

from ..errors import ConfigError
from ..module_paths import find_module
from .autograd import BackwardState, Entry, Gate, GateHandle, SurvivingGradient
from .execution_order import ExecutionOrder
from .plan import Range, Relay, relay_plan
from .ranges import AuxiliaryRange, lowest_paths


class ForwardPass:
    """Hooks that put a gate at the input of each lowest module and two entries at the output of each source.

    Of the two entries, one feeds the auxiliary loss (the *head* entry), the other continues in the model (the *trunk*
    entry). The hooks stay on the model until :meth:`remove_hooks`; then :meth:`link` connects entries with gates.

    Args:
        model: model that contains the modules.
        auxiliaries: range of each auxiliary loss.
        primary_lowest: path of the lowest module that the primary loss updates. None: every layer.

    Attributes:
        features: input of each auxiliary loss; None until its source has run.
        gates: gates by path of the lowest module. A module whose input requires no gradient has none.
        trunks: trunk entries by path of the source.
        relays: gradients to send to a gate in a second pass, by path of the lowest module. Set by :meth:`link`.

    Raises:
        ConfigError: if a path names no module. No hook is left on the model.
    """

    def __init__(self, model: nn.Module, auxiliaries: Sequence[AuxiliaryRange], primary_lowest: str | None) -> None:
        self.auxiliaries, self.primary_lowest = auxiliaries, primary_lowest
        self.features: list[Tensor | None] = [None] * len(auxiliaries)
        self.gates: dict[str, GateHandle] = {}
        self.trunks: dict[str, GradientEdge] = {}
        self.relays: dict[str, Relay] = {}
        self._order = ExecutionOrder()
        self._state = BackwardState()
        # The entries hold these lists, which link() fills.
        self._gates_of_trunk: list[list[GateHandle]] = [[] for _ in auxiliaries]
        self._gates_of_head: list[list[GateHandle]] = [[] for _ in auxiliaries]
        self._handles: list[RemovableHandle] = []
        try:
            self._add_hooks(model)
        except BaseException:
            self.remove_hooks()
            raise

    def _add_hooks(self, model: nn.Module) -> None:
        for path in lowest_paths(self.auxiliaries, self.primary_lowest):
            lowest = find_module(model, path, 'lowest')
            hook = partial(self._enter_lowest, path)
            self._handles.append(lowest.register_forward_pre_hook(hook, with_kwargs=True))
        for i, auxiliary in enumerate(self.auxiliaries):
            source = find_module(model, auxiliary.source, 'source')
            self._handles.append(source.register_forward_hook(partial(self._leave_source, i)))

    def remove_hooks(self) -> None:
        for handle in self._handles:
            handle.remove()

    def link(self) -> None:
        """Tell each entry to which gates it sends its gradient.

        Raises:
            ConfigError: if a module did not run, or a lowest module ran after its source.
        """
        self.relays = self.plan(self.auxiliaries, self.primary_lowest)
        for path, relay in self.relays.items():
            if path in self.gates:
                if relay.trunk is not None:
                    self._gates_of_trunk[relay.trunk].append(self.gates[path])
                for i in relay.heads:
                    self._gates_of_head[i].append(self.gates[path])

    def plan(self, auxiliaries: Sequence[AuxiliaryRange], primary_lowest: str | None) -> dict[str, Relay]:
        """Return the gradients to send to a gate in a second pass, by path of the lowest module.

        The ranges may differ from those of this pass, but only name modules that are in its ranges.

        Raises:
            ConfigError: if a module did not run, or a lowest module ran after its source.
        """
        ranges = []
        for auxiliary in auxiliaries:
            positions = Range(self._order.start(auxiliary.lowest), self._order.position('source', auxiliary.source))
            if positions.lowest > positions.source:
                raise ConfigError(
                    f'lowest={auxiliary.lowest!r}: expected a module that runs before source={auxiliary.source!r}, '
                    'got one that runs after it'
                )
            ranges.append(positions)
        primary = Range(self._order.start(primary_lowest), math.inf)
        return {self._order.lowest_at(relay.end): relay for relay in relay_plan(primary, ranges)}

    def _enter_lowest(
        self, path: str, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
        check_uncompiled('lowest', path)
        self._order.record('lowest', path)
        inputs = [*args, *kwargs.values()]
        tensors = [value for value in inputs if isinstance(value, Tensor)]
        if len(tensors) != 1 or any(isinstance(value, (list, tuple, dict)) for value in inputs):
            kinds = ', '.join(type(value).__name__ for value in inputs)
            raise ConfigError(f'lowest={path!r}: expected a module that takes exactly one tensor, got inputs ({kinds})')
        entering = tensors[0]
        if not entering.requires_grad:
            return None  # no layer below needs a gradient
        surviving = SurvivingGradient()
        alias = Gate.apply(entering, self._state, surviving)
        self.gates[path] = GateHandle(get_gradient_edge(alias), surviving)
        return (
            tuple(alias if value is entering else value for value in args),
            {name: alias if value is entering else value for name, value in kwargs.items()},
        )

    def _leave_source(self, i: int, module: nn.Module, args: tuple[Any, ...], output: Any) -> Tensor:
        path = self.auxiliaries[i].source
        check_uncompiled('source', path)
        self._order.record('source', path)
        if not isinstance(output, Tensor):
            raise ConfigError(
                f'source={path!r}: expected a module that returns one tensor, got a {type(output).__name__}'
            )
        # The auxiliary loss gets a copy, because the layers that follow may overwrite the output in place.
        self.features[i] = Entry.apply(output, self._state, self._gates_of_head[i], True)
        trunk = Entry.apply(output, self._state, self._gates_of_trunk[i], False)
        if trunk.requires_grad:
            self.trunks[path] = get_gradient_edge(trunk)
        return trunk


def check_uncompiled(role: str, path: str) -> None:
    """Raise a ConfigError inside compiled code, where gates and entries lose the gradients of the layers below.

    The hooks of a module run there, too, if a function or a model around it is compiled.
    """
    if torch.compiler.is_compiling():
        raise ConfigError(
            f'{role}={path!r}: expected a module that runs uncompiled, got one inside compiled code; compile the '
            'training step around RelayBP, or nothing'
        )
