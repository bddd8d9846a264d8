"""Choose the ranges of a relay from the depth of a network.

The rule gives the ranges of the three networks of *Relay Backpropagation for Effective Learning of Deep Convolutional
Neural Networks* (Shen et al. 2015, Sections 5.1 and 5.2): ``layer3.0`` to ``layer3.3`` of ResNet-50, ``Mixed_6b`` to
``Mixed_6e`` of Inception-v3, and model A's stage of 28x28 cells. Depth is counted in layers with weight matrices.

- *Source*: the last unit that ends before three quarters of the backbone, and not before a half: the paper advises
  against sources at low layers (Section 4).
- *Lowest unit of the primary loss*: the first unit from three tenths of the backbone on that has the source's
  resolution and is in the source's stage, where a stage is a unit that contains the source.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmgb.functional.errors import ConfigError

from .units import Unit

SOURCE_ENDS = (1 / 2, 3 / 4)
LOWEST_BEGINS = 3 / 10


def choose_ranges(units: Sequence[Unit], source: str | None = None) -> tuple[Unit, Unit]:
    """Return the source of the auxiliary loss and the lowest unit of the primary loss.

    Args:
        units (Sequence[Unit]): units of the network, in the order in which they end.
        source (str | None): path of the source, if it is not to be chosen.

    Raises:
        ConfigError: if no units fit the rule.
    """
    least, below = SOURCE_ENDS
    sources = [unit for unit in units if unit.begins < unit.ends and least <= unit.ends < below]
    if source is not None:
        sources = [unit for unit in units if unit.path == source]
    if not sources:
        raise ConfigError(_no_source(units, source))
    chosen = max(sources, key=lambda unit: unit.ends)  # of equal ones the innermost
    # An activation or a norm behind the last layer belongs to the source; a pooling layer has another resolution.
    behind = [unit for unit in units if unit.begins == unit.ends == chosen.ends and unit.size == chosen.size]
    if source is None and behind and behind[-1].path.split('.')[:-1] == chosen.path.split('.')[:-1]:
        chosen = chosen._replace(path=behind[-1].path)
    stages = [unit.path for unit in units if chosen.path.startswith(f'{unit.path}.')]
    for unit in units:
        inside = all(unit.path.startswith(f'{stage}.') for stage in stages)
        if inside and unit.size == chosen.size and LOWEST_BEGINS <= unit.begins < unit.ends <= chosen.ends:
            return chosen, unit
    raise ConfigError(
        f'relay: expected a unit of {chosen.size[0]}x{chosen.size[1]} cells between three tenths of the backbone and '
        f"source='{chosen.path}', got none; name the modules yourself (docs/relay.md)"
    )


def _no_source(units: Sequence[Unit], source: str | None) -> str:
    if source is not None:
        return (
            f"relay: expected that everything passes through source='{source}' of the auxiliary head, got a way around "
            'it, as where another head reads a lower level of the backbone'
        )
    last = max((unit for unit in units if unit.ends < SOURCE_ENDS[0]), key=lambda unit: unit.ends, default=None)
    got = 'no feature map' if last is None else f"'{last.path}' at {last.ends:.0%} as the last one"
    return (
        'relay: expected a feature map between half and three quarters of the depth through which everything passes, '
        f'got {got}; heads that read several levels and parallel branches lead around the modules between them, and '
        'the tokens of a transformer are no feature map'
    )
