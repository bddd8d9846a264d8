"""Validate RelayBP's arguments."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mmgb.functional.errors import ConfigError

PROPAGATIONS = ('relay', 'standard')
REQUIRED_KEYS, OPTIONAL_KEYS = {'source', 'head'}, {'lowest', 'loss_weight'}


def check_arguments(auxiliaries: Sequence[dict], primary_lowest: str | None, propagation: str) -> None:
    """Check types and names, before anything is built.

    Raises:
        ConfigError: if an argument is invalid.
    """
    if propagation not in PROPAGATIONS:
        raise ConfigError(f"propagation={propagation!r}: expected 'relay' or 'standard'")
    if not isinstance(auxiliaries, (list, tuple)):
        raise ConfigError(f'auxiliaries: expected a list of dicts, got a {type(auxiliaries).__name__}')
    for auxiliary in auxiliaries:
        _check_auxiliary(auxiliary)
    if primary_lowest is not None:
        _check_path('primary_lowest', primary_lowest)


def _check_auxiliary(auxiliary: dict) -> None:
    if not isinstance(auxiliary, dict):
        raise ConfigError(f'auxiliaries: expected a list of dicts, got one that contains {auxiliary!r}')
    keys = set(auxiliary)
    if not REQUIRED_KEYS <= keys <= REQUIRED_KEYS | OPTIONAL_KEYS:
        raise ConfigError(
            f'auxiliaries: expected dicts with source, head and, optionally, lowest and loss_weight, got the keys '
            f'{", ".join(sorted(keys))}'
        )
    if 'loss_weight' in auxiliary and not isinstance(auxiliary['loss_weight'], (int, float)):
        raise ConfigError(f'loss_weight={auxiliary["loss_weight"]!r}: expected a number')
    _check_path('source', auxiliary['source'])
    if auxiliary.get('lowest') is not None:
        _check_path('lowest', auxiliary['lowest'])


def _check_path(field: str, path: str) -> None:
    if not isinstance(path, str):
        raise ConfigError(f"{field}={path!r}: expected the path of a module, such as 'backbone.layer3'")


def check_trainable(model: nn.Module, lowest: str | None, source: str | None) -> None:
    """Check that the modules registered from ``lowest`` to ``source`` have a trainable parameter, or none at all.

    Args:
        model: model that contains the modules.
        lowest: path of the first module. None: the first one of the model.
        source: path of the last module, whose submodules are included. None: the last one of the model.

    Raises:
        ConfigError: if there are parameters and all of them are frozen.
    """
    modules = list(model.named_modules())
    names = [name for name, _ in modules]
    first = 0 if lowest is None else names.index(lowest)
    last = len(names) - 1
    if source is not None:
        last = max(i for i, name in enumerate(names) if f'{name}.'.startswith(f'{source}.'))
    parameters = [
        parameter for _, module in modules[first : last + 1] for parameter in module.parameters(recurse=False)
    ]
    if parameters and not any(parameter.requires_grad for parameter in parameters):
        raise ConfigError(
            f'source={source!r}, lowest={lowest!r}: expected a range with a trainable parameter, but every parameter '
            'is frozen'
        )
