"""One forward pass with the ends and the sources of Relay Backpropagation's ranges in its graph."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

from ..errors import ConfigError
from .autograd import Backward, Entry, Gate, Kept
from .plan import Range, Relay, relay_plan


class AuxiliaryRange(NamedTuple):
    """The layers that an auxiliary loss updates, by module path (``'layer3.3'``).

    Attributes:
        source: the module whose output feeds the loss: one tensor.
        lowest: the lowest module that the loss updates; None: down to the bottom.
    """

    source: str
    lowest: str | None = None


def lowest_paths(auxiliaries: list[AuxiliaryRange], primary_lowest: str | None) -> set[str]:
    """Of all modules at whose entrance a loss ends."""
    return {primary_lowest, *(auxiliary.lowest for auxiliary in auxiliaries)} - {None}


class ForwardPass:
    """Gates and entries of one forward pass, put in by hooks, in the order in which the modules run.

    Attributes:
        features: the auxiliary losses' inputs.
        gates: of each lowest module that was given something with a gradient, by its path: where the gate stands, and
            what it lets through.
        trunks: of each source, what goes on from it in the model.
        relays: what is brought to which gate from where.
    """

    def __init__(self, model: nn.Module, auxiliaries: list[AuxiliaryRange], primary_lowest: str | None) -> None:
        self.auxiliaries, self.primary_lowest = auxiliaries, primary_lowest
        self.features: list[Tensor | None] = [None] * len(self.auxiliaries)
        self.gates: dict[str, tuple[GradientEdge, Kept]] = {}
        self.trunks: dict[str, GradientEdge] = {}
        self.relays: list[Relay] = []
        self._positions: dict[tuple[str, str], int] = {}  # of a role ('lowest', 'source') and a path
        self._has_gradients = torch.is_grad_enabled()
        self._backward = Backward()
        self._from_trunk: list[list[tuple[GradientEdge, Kept]]] = [[] for _ in self.auxiliaries]
        self._from_head: list[list[tuple[GradientEdge, Kept]]] = [[] for _ in self.auxiliaries]
        self._handles = [
            model.get_submodule(path).register_forward_pre_hook(partial(self._enter_lowest, path), with_kwargs=True)
            for path in lowest_paths(auxiliaries, primary_lowest)
        ]
        self._handles += [
            model.get_submodule(auxiliary.source).register_forward_hook(partial(self._leave_source, i))
            for i, auxiliary in enumerate(auxiliaries)
        ]

    def remove_hooks(self) -> None:
        for handle in self._handles:
            handle.remove()

    def link(self) -> None:
        """Tell the entries which gates they bring their gradients to."""
        ranges = [
            Range(self._start(auxiliary.lowest), self._position('source', auxiliary.source))
            for auxiliary in self.auxiliaries
        ]
        for auxiliary, (lowest, source) in zip(self.auxiliaries, ranges):
            if lowest > source:
                raise ConfigError(f'lowest={auxiliary.lowest!r} runs after source={auxiliary.source!r}')
        self.relays = relay_plan(Range(self._start(self.primary_lowest), math.inf), ranges)
        for relay in self.relays:
            path = self.path_of(relay)
            if path in self.gates:
                if relay.trunk is not None:
                    self._from_trunk[relay.trunk].append(self.gates[path])
                for i in relay.heads:
                    self._from_head[i].append(self.gates[path])

    def path_of(self, relay: Relay) -> str:
        """Of the lowest module where some loss ends and another goes on."""
        (path,) = (path for (_, path), position in self._positions.items() if position == relay.end)
        return path

    def _enter_lowest(self, path: str, module: nn.Module, args: tuple, kwargs: dict[str, Any]):
        self._note('lowest', path)
        given = [*args, *kwargs.values()]
        tensors = [value for value in given if isinstance(value, Tensor)]
        if len(tensors) != 1 or any(isinstance(value, (list, tuple, dict)) for value in given):
            raise ConfigError(f'lowest={path!r}: expected a module that is given exactly one tensor')
        if not tensors[0].requires_grad:
            return None  # there is nothing below to be kept from
        kept = Kept()
        alias = Gate.apply(tensors[0], self._backward, kept)
        self.gates[path] = get_gradient_edge(alias), kept
        return (
            tuple(alias if value is tensors[0] else value for value in args),
            {name: alias if value is tensors[0] else value for name, value in kwargs.items()},
        )

    def _leave_source(self, i: int, module: nn.Module, args: tuple, output: Any) -> Tensor | None:
        path = self.auxiliaries[i].source
        self._note('source', path)
        if not isinstance(output, Tensor):
            raise ConfigError(f'source={path!r} gives a {type(output).__name__}: expected one tensor')
        # A copy, for what follows may overwrite the output in place.
        self.features[i] = Entry.apply(output, self._backward, self._from_head[i], True)
        trunk = Entry.apply(output, self._backward, self._from_trunk[i], False)
        if trunk.requires_grad:
            self.trunks[path] = get_gradient_edge(trunk)
        return trunk

    def _note(self, role: str, path: str) -> None:
        """Remember when a module runs."""
        if self._has_gradients and not torch.is_grad_enabled():
            raise ConfigError(
                f'{role}={path!r} runs without gradients, as inside of activation checkpointing of the '
                'reentrant kind: use torch.utils.checkpoint with use_reentrant=False'
            )
        if (role, path) in self._positions:
            raise ConfigError(f'{role}={path!r} runs several times in a forward pass: expected a module that runs once')
        self._positions[role, path] = len(self._positions)

    def _position(self, role: str, path: str) -> int:
        if (role, path) not in self._positions:
            raise ConfigError(f'{role}={path!r} did not run: expected a module that the forward pass calls')
        return self._positions[role, path]

    def _start(self, lowest: str | None) -> float:
        return -math.inf if lowest is None else self._position('lowest', lowest)
