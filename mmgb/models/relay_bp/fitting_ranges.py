"""Find ranges that fit a model near ranges that don't, for the error message of the first step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.relay.ranges import AuxiliaryRange

MOST_TRIED = 16  # ranges, each of which takes a forward pass

Ranges = tuple[list[AuxiliaryRange], 'str | None']


def find_fitting_change(
    model: nn.Module,
    ranges: Sequence[AuxiliaryRange],
    primary_lowest: str | None,
    check: Callable[[list[AuxiliaryRange], str | None], object],
) -> str | None:
    """Return the first change of one setting with which the ranges fit, such as ``"lowest='layer3.0'"``.

    Args:
        model (nn.Module): model that contains the modules.
        ranges (Sequence[AuxiliaryRange]): ranges of the auxiliary losses.
        primary_lowest (str | None): lowest module of the primary loss.
        check (Callable): function that raises a ConfigError if ranges and ``primary_lowest`` don't fit.

    Returns:
        The change, or None if none of the nearest :data:`MOST_TRIED` fits.
    """
    for number, (change, changed) in enumerate(changes(model, ranges, primary_lowest)):
        if number == MOST_TRIED:
            break
        try:
            check(*changed)
        except ConfigError:
            continue
        return change
    return None


def changes(
    model: nn.Module, ranges: Sequence[AuxiliaryRange], primary_lowest: str | None
) -> Iterator[tuple[str, Ranges]]:
    """Yield changes of one setting and the ranges with them: other modules, the nearest first, then whole ranges."""
    whole = []
    for path in nearby(model, primary_lowest):
        yield f'primary_lowest={path!r}', ([*ranges], path)
    if primary_lowest is not None:
        whole.append(('primary_lowest=None', ([*ranges], None)))
    for i, (source, lowest) in enumerate(ranges):

        def with_range(*replaced: str | None, i: int = i) -> Ranges:
            return [*ranges[:i], AuxiliaryRange(*replaced), *ranges[i + 1 :]], primary_lowest

        for path in nearby(model, lowest):
            yield f'lowest={path!r} for source={source!r}', with_range(source, path)
        for path in [*reversed(_children(model, source)), *nearby(model, source)]:
            yield f'source={path!r} instead of {source!r}', with_range(path, lowest)
        if lowest is not None:
            whole.append((f'lowest=None for source={source!r}', with_range(source, None)))
    yield from whole


def nearby(model: nn.Module, path: str | None) -> Iterator[str]:
    """Yield the modules around a module, then those before it in the same module; none that is the model's child."""
    names = path.split('.') if path else []
    for length in range(len(names) - 1, 1, -1):
        yield '.'.join(names[:length])
    for length in range(len(names), 1, -1):
        siblings, here = _children(model, '.'.join(names[: length - 1])), '.'.join(names[:length])
        yield from reversed(siblings[: siblings.index(here) if here in siblings else 0])  # not if it is compiled


def _children(model: nn.Module, path: str) -> list[str]:
    return [f'{path}.{name}' for name, _ in model.get_submodule(path).named_children()]
