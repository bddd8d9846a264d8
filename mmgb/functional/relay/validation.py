"""Whether the ranges of a :class:`mmgb.functional.relay.gate.GradientGate` are what a forward pass really has.

Read off the graph that autograd has recorded, once, before the first update: a second way around a gate, a layer that
is left without a gradient, and a kind of checkpoint that can't be gone through twice are found by name.
"""

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor, nn
from torch.autograd.graph import Node

from ..errors import ConfigError
from .forward_pass import ForwardPass


def check_ranges(forward_pass: ForwardPass, primary: Sequence[Tensor], parameters: Mapping[str, nn.Parameter]) -> None:
    """Raise a ValueError unless every loss updates its range and nothing else.

    Args:
        forward_pass: of the gate, after its ``with`` block.
        primary: the primary losses.
        parameters: by name, of the model without the auxiliary heads; those without ``requires_grad`` don't matter.
    """
    names = {parameter: name for name, parameter in parameters.items() if parameter.requires_grad}
    gates = {path: edge.node for path, (edge, _) in forward_pass.gates.items()}
    roots = {None: [loss.grad_fn for loss in primary if loss.grad_fn is not None]}
    lowest = {None: forward_pass.primary_lowest}
    for auxiliary, feature in zip(forward_pass.auxiliaries, forward_pass.features):
        if feature.grad_fn is None:
            raise ConfigError(f'source={auxiliary.source!r}: no layer below it is left to train, all are frozen')
        roots[auxiliary.source] = [feature.grad_fn]
        lowest[auxiliary.source] = auxiliary.lowest

    whole = _reached([node for nodes in roots.values() for node in nodes], set())
    if any(type(node).__name__ == 'CheckpointFunctionBackward' for node in whole):
        raise ConfigError(
            'activation checkpointing of the reentrant kind forbids the gradients of a part of the graph '
            'that relays need: use torch.utils.checkpoint with use_reentrant=False'
        )
    updated: set[str] = set()
    for source, nodes in roots.items():
        gate = gates.get(lowest[source])
        within = _reached(nodes, {gate} if gate is not None else set())
        reached = _parameters(within, names)
        loss = 'the primary loss' if source is None else f'the auxiliary loss of source={source!r}'
        if not reached:
            raise ConfigError(f'{loss} has no parameter left to train down to lowest={lowest[source]!r}')
        if gate is not None:
            if gate not in within:
                raise ConfigError(f'lowest={lowest[source]!r} does not lie below {loss}')
            around = reached & _parameters(_reached([gate], set()), names)
            if around:
                raise ConfigError(
                    f'{loss} reaches {_some(around)} also by another way than through '
                    f'lowest={lowest[source]!r}: its gradient cannot be ended there'
                )
        updated |= reached
    missing = _parameters(whole, names) - updated
    if missing:
        raise ConfigError(f'the ranges leave {_some(missing)} without any gradient')
    _check_trunks(forward_pass, roots[None], gates)


def _check_trunks(forward_pass: ForwardPass, primary: list[Node], gates: Mapping[str, Node]) -> None:
    """What is taken along at a source from above must be all that comes from above."""
    for relay in forward_pass.relays:
        path = forward_pass.path_of(relay)
        if relay.trunk is None or path not in gates:
            continue
        source = forward_pass.auxiliaries[relay.trunk].source
        if gates[path] in _reached(primary, {forward_pass.trunks[source].node}):
            raise ConfigError(
                f'the primary loss reaches lowest={path!r} also by another way than through '
                f'source={source!r}, whose loss ends there'
            )


def _reached(roots: Iterable[Node], stops: set[Node]) -> set[Node]:
    """All nodes below the roots, and they; none below the stops."""
    found, waiting = set(), list(roots)
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found.add(node)
            if node not in stops:
                waiting += [following for following, _ in node.next_functions]
    return found


def _parameters(nodes: set[Node], names: Mapping[nn.Parameter, str]) -> set[str]:
    leaves = (node.variable for node in nodes if hasattr(node, 'variable'))
    return {names[leaf] for leaf in leaves if leaf in names}


def _some(names: set[str]) -> str:
    """A few names of many."""
    shown = sorted(names)[:3]
    return ', '.join(shown) + (f' and {len(names) - 3} more' if len(names) > 3 else '')
