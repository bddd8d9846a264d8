"""The layers that each loss updates, by module path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import nn

from ..errors import ConfigError
from ..module_paths import find_module


class AuxiliaryRange(NamedTuple):
    """The layers that an auxiliary loss updates: from ``lowest`` up to ``source``, both included.

    Attributes:
        source: path of the module whose output, one tensor, feeds the loss, such as ``'layer3.3'``.
        lowest: path of the lowest module that the loss updates. None: the loss updates every layer below its source.
    """

    source: str
    lowest: str | None = None


def lowest_paths(auxiliaries: Sequence[AuxiliaryRange], primary_lowest: str | None) -> list[str]:
    """List the distinct modules at whose input some loss ends."""
    paths = (primary_lowest, *(auxiliary.lowest for auxiliary in auxiliaries))
    return list(dict.fromkeys(path for path in paths if path is not None))


def check_paths(model: nn.Module, auxiliaries: Sequence[AuxiliaryRange], primary_lowest: str | None) -> None:
    """Check that every path names a module of the model, and that no two auxiliary losses share a source.

    Raises:
        ConfigError: if they don't, or if a module is compiled or part of a compiled module.
    """
    sources = [auxiliary.source for auxiliary in auxiliaries]
    for path in sources:
        find_module(model, path, 'source')
    for path in sources:
        if sources.count(path) > 1:
            raise ConfigError(f'source={path!r}: expected another source for each auxiliary loss, got it twice')
    for lowest in (primary_lowest, *(auxiliary.lowest for auxiliary in auxiliaries)):
        if lowest is not None:
            find_module(model, lowest, 'lowest')
