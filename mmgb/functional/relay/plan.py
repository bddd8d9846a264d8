"""Decide which gradients need a second backward pass, so that one loss can end where others continue.

Losses are back-propagated through ranges of a chain of layers (Shen et al. 2015, Section 4, Figure 2). This module
knows positions only: numbers that grow in the order of the forward pass. The gradient of a loss enters the chain at the
loss's source and ends at the input of its lowest layer; in between the loss is *active*. Where some losses end and
others continue, only the gradient of the others may pass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

PRIMARY = -1  # key of the primary loss beside those of the auxiliary losses, 0, 1, …


class Range(NamedTuple):
    """Positions between which a loss is active, ``lowest < source``.

    Attributes:
        lowest: input of the lowest layer that the loss updates; minus infinity if the loss reaches the bottom.
        source: layer output that feeds the loss; infinity for the primary loss.
    """

    lowest: float
    source: float


class Relay(NamedTuple):
    """Gradients that need a second, input-only backward pass to a position where another loss ends.

    Attributes:
        end: position where at least one loss ends and at least one continues.
        trunk: index of the auxiliary loss at whose source the gradient from above is forked; None if no gradient
            from above is needed.
        heads: indices of the auxiliary losses whose own gradients are forked at their sources.
    """

    end: float
    trunk: int | None
    heads: tuple[int, ...]


def relay_plan(primary: Range, auxiliaries: Sequence[Range]) -> list[Relay]:
    """Find, for each position where a loss ends while others continue, where to fork the gradients of the others.

    The gradient of an auxiliary loss is separate from all others at its own source, and is forked there. The gradient
    of the primary loss is separate at the top only. Forking it there would repeat the whole backward pass; instead, the
    gradient that arrives from above at the source of an ended loss is forked, because it contains continuing losses
    only.

    Returns:
        One entry per position that needs a second pass, from the highest to the lowest.
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
    """Choose the auxiliary loss above whose source only losses are active that continue below ``end``."""
    chosen = max((name for name, loss in losses.items() if loss.lowest == end), key=lambda name: losses[name].source)
    while True:
        source = losses[chosen].source
        ending = [name for name, loss in losses.items() if end < loss.lowest < source < loss.source]
        if not ending:
            return chosen
        chosen = max(ending, key=lambda name: losses[name].source)
