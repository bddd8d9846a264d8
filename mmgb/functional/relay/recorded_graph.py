"""Walk the graph that autograd has recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import nn
from torch.autograd.graph import Node

ParameterNames = Mapping[nn.Parameter, str]


def nodes_below(roots: Iterable[Node], stop: Node | None = None) -> set[Node]:
    """Collect the roots and all nodes below them, but none below ``stop``."""
    found: set[Node] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            if node is not stop:
                waiting += [following for following, _ in node.next_functions if following is not None]
    return found


def parameters_of(nodes: Iterable[Node], names: ParameterNames) -> set[str]:
    """Return the names of the parameters that are leaves among the nodes."""
    leaves = (node.variable for node in nodes if hasattr(node, 'variable'))
    return {names[leaf] for leaf in leaves if leaf in names}
