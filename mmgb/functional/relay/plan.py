"""Which shares of a gradient must travel twice, so that some can end where others go on. Pure arithmetic of positions.

Losses back-propagate through ranges of a chain of layers (Shen et al. 2015, Section 3, Figure 2). Positions are any
numbers that grow in the order of the forward pass. A loss enters the chain at its source and ends at the entrance of
its lowest layer, so it is *active* between the two. Wherever a loss ends and another goes on, only the other's share
may pass.
"""

from __future__ import annotations

import math
from typing import NamedTuple

PRIMARY = -1


class Range(NamedTuple):
    """Where a loss ends and where it enters: ``lowest < source``. ``-inf``: it reaches the bottom; the primary
    loss enters at ``inf``."""

    lowest: float
    source: float


class Relay(NamedTuple):
    """What must be brought to an end by a second way.

    Attributes:
        end: a position at which at least one loss ends and another goes on.
        trunk: the auxiliary at whose source everything that comes from above is taken along, or None.
        heads: the auxiliaries whose own gradients are taken along from their sources.
    """

    end: float
    trunk: int | None
    heads: tuple[int, ...]


def relay_plan(primary: Range, auxiliaries: list[Range]) -> list[Relay]:
    """For every position where a loss ends while others go on, where to take the others' shares from.

    Each share is taken from where it is known alone: that of an auxiliary loss at its source. That of the primary loss
    would be known at the top only; instead everything that passes the source of an ended loss from above is taken
    along from there, where nothing of it ends in between.
    """
    losses = {PRIMARY: primary, **dict(enumerate(auxiliaries))}
    plan = []
    for end in sorted({loss.lowest for loss in losses.values()} - {-math.inf}, reverse=True):
        surviving = [name for name, loss in losses.items() if loss.lowest < end < loss.source]
        if not surviving:
            continue
        trunk = _trunk(end, losses) if PRIMARY in surviving else None
        entrance = math.inf if trunk is None else losses[trunk].source
        plan.append(Relay(end, trunk, tuple(name for name in surviving if losses[name].source < entrance)))
    return plan


def _trunk(end: float, losses: dict[int, Range]) -> int:
    """The ended auxiliary above whose source nothing ends that is active there, down to ``end``."""
    chosen = max((name for name, loss in losses.items() if loss.lowest == end), key=lambda name: losses[name].source)
    while True:
        source = losses[chosen].source
        ended = [name for name, loss in losses.items() if end < loss.lowest < source < loss.source]
        if not ended:
            return chosen
        chosen = max(ended, key=lambda name: losses[name].source)
