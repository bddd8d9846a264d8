"""Check that the ranges of a :class:`mmgb.functional.relay.gate.GradientGate` fit the model.

The check reads the graph that autograd recorded. It runs once, before the first update, and names the modules and
parameters at fault: a path around a gate, a layer without a gradient, a checkpoint of the reentrant kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor, nn
from torch.autograd.graph import Node

from ..errors import ConfigError
from .forward_pass import ForwardPass
from .plan import Relay
from .ranges import AuxiliaryRange
from .recorded_graph import ParameterNames, nodes_below, parameters_of


class _Loss(NamedTuple):
    """A loss in the recorded graph, or several that share a range.

    Attributes:
        label: how error messages refer to the loss.
        roots: nodes from which its gradient starts, as far as the model is concerned.
        lowest: path of the lowest module that it updates; None: every layer.
        gate: gate that ends its gradient; None if there is nothing to end.
    """

    label: str
    roots: list[Node]
    lowest: str | None
    gate: Node | None


def check_ranges(forward_pass: ForwardPass, primary: Sequence[Tensor], parameters: Mapping[str, nn.Parameter]) -> None:
    """Check that every loss updates its own range and nothing else, and that every parameter is updated.

    Args:
        forward_pass: ``gate.forward_pass`` after the block of the gate.
        primary: primary losses.
        parameters: parameters of the model by name. Frozen ones are ignored.

    Raises:
        ConfigError: if a gradient can bypass a gate or the source at which it is forked, a range has no trainable
            parameter, a parameter gets no gradient, or the model uses reentrant activation checkpoints.
    """
    names = {parameter: name for name, parameter in parameters.items() if parameter.requires_grad}
    losses = [_primary_loss(forward_pass, primary), *_auxiliary_losses(forward_pass)]
    graph = nodes_below([root for loss in losses for root in loss.roots])
    _check_checkpoints(graph)
    updated = set[str]().union(*(_check_loss(loss, names) for loss in losses))
    missing = parameters_of(graph, names) - updated
    if missing:
        extension = _extension(forward_pass, losses, names, missing)
        raise ConfigError(
            f'the ranges leave {_shorten(missing)} without any gradient; {extension} or freeze these parameters'
        )
    _check_trunks(forward_pass, forward_pass.relays, losses[0].roots)


def _extension(forward_pass: ForwardPass, losses: Sequence[_Loss], names: ParameterNames, missing: set[str]) -> str:
    """Return the change of a single range that gives the missing parameters a gradient, or of all ranges.

    The auxiliary loss with the fewest layers below its source is preferred, and the primary loss comes last.
    """
    primary, *auxiliaries = losses
    reached = [parameters_of(nodes_below(loss.roots), names) for loss in auxiliaries]
    for i in sorted(range(len(reached)), key=lambda i: len(reached[i])):
        if missing <= reached[i]:
            ranges = list(forward_pass.auxiliaries)
            ranges[i] = ranges[i]._replace(lowest=None)
            if _trunks_fit(forward_pass, ranges, forward_pass.primary_lowest, primary.roots):
                return f'set lowest=None for source={ranges[i].source!r}'
    if missing <= parameters_of(nodes_below(primary.roots), names):
        if _trunks_fit(forward_pass, forward_pass.auxiliaries, None, primary.roots):
            return 'set primary_lowest=None'
    return 'set primary_lowest=None and lowest=None for every source'


def _trunks_fit(
    forward_pass: ForwardPass, auxiliaries: Sequence[AuxiliaryRange], primary_lowest: str | None, roots: list[Node]
) -> bool:
    try:
        _check_trunks(forward_pass, forward_pass.plan(auxiliaries, primary_lowest), roots)
    except ConfigError:
        return False
    return True


def _primary_loss(forward_pass: ForwardPass, tensors: Sequence[Tensor]) -> _Loss:
    roots = [tensor.grad_fn for tensor in tensors if tensor.grad_fn is not None]
    lowest = forward_pass.primary_lowest
    return _Loss('the primary loss', roots, lowest, _gate(forward_pass, lowest))


def _auxiliary_losses(forward_pass: ForwardPass) -> list[_Loss]:
    losses = []
    for (source, lowest), feature in zip(forward_pass.auxiliaries, forward_pass.features):
        if feature is None or feature.grad_fn is None:
            raise ConfigError(f'source={source!r}: expected a trainable layer at or below it, but all are frozen')
        label = f'the auxiliary loss at source={source!r}'
        losses.append(_Loss(label, [feature.grad_fn], lowest, _gate(forward_pass, lowest)))
    return losses


def _gate(forward_pass: ForwardPass, lowest: str | None) -> Node | None:
    if lowest is None or lowest not in forward_pass.gates:
        return None
    return forward_pass.gates[lowest].edge.node


def _check_checkpoints(graph: set[Node]) -> None:
    if any(type(node).__name__ == 'CheckpointFunctionBackward' for node in graph):
        raise ConfigError(
            'activation checkpoint: expected the non-reentrant kind, got the reentrant one, which forbids the partial '
            'gradients that relays need; call torch.utils.checkpoint with use_reentrant=False'
        )


def _check_loss(loss: _Loss, names: ParameterNames) -> set[str]:
    """Return the names of the parameters that a loss updates."""
    nodes = nodes_below(loss.roots, stop=loss.gate)
    updated = parameters_of(nodes, names)
    if not updated:
        raise ConfigError(
            f'lowest={loss.lowest!r}: expected a trainable parameter in the range of {loss.label}, got none'
        )
    if loss.gate is not None:
        if loss.gate not in nodes:
            raise ConfigError(
                f'lowest={loss.lowest!r}: expected a module that feeds {loss.label}, got one that does not'
            )
        around = updated & parameters_of(nodes_below([loss.gate]), names)
        if around:
            raise ConfigError(
                f'lowest={loss.lowest!r}: expected a module on every path from {loss.label} to {_shorten(around)}, '
                'got a path around it, on which the gradient would not end'
            )
    return updated


def _check_trunks(forward_pass: ForwardPass, relays: Mapping[str, Relay], primary: list[Node]) -> None:
    """Check that every path of the primary loss to a gate passes through the source where its gradient is forked."""
    for path, relay in relays.items():
        gate = _gate(forward_pass, path)
        if relay.trunk is None or gate is None:
            continue
        source = forward_pass.auxiliaries[relay.trunk].source
        if gate in nodes_below(primary, stop=forward_pass.trunks[source].node):
            raise ConfigError(
                f'source={source!r}: expected a module on every path from the primary loss to lowest={path!r}, '
                'got a path around it'
            )


def _shorten(names: set[str]) -> str:
    """List the first three names, and how many more there are."""
    shown = sorted(names)[:3]
    return ', '.join(shown) + (f' and {len(names) - 3} more' if len(names) > 3 else '')
