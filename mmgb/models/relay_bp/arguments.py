"""Validate RelayBP's arguments."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence

from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.module_paths import check_path
from mmgb.registry import MODELS

PROPAGATIONS = ('relay', 'standard')
REQUIRED_KEYS, OPTIONAL_KEYS = {'source', 'head'}, {'lowest', 'loss_weight'}


def check_arguments(auxiliaries: Sequence[dict], primary_lowest: str | None, propagation: str) -> None:
    """Check types and values, before anything is built.

    Raises:
        ConfigError: if an argument is invalid.
    """
    if not isinstance(propagation, str) or propagation not in PROPAGATIONS:
        raise ConfigError(f"propagation={propagation!r}: expected 'relay' or 'standard'")
    if not isinstance(auxiliaries, (list, tuple)):
        raise ConfigError(f'auxiliaries: expected a list of dicts, got a {type(auxiliaries).__name__}')
    for auxiliary in auxiliaries:
        _check_auxiliary(auxiliary)
    if primary_lowest is not None:
        check_path(primary_lowest, 'primary_lowest')


def _check_auxiliary(auxiliary: dict) -> None:
    if not isinstance(auxiliary, dict):
        raise ConfigError(f'auxiliaries: expected a list of dicts, got one that contains {auxiliary!r}')
    keys = set(auxiliary)
    if not REQUIRED_KEYS <= keys <= REQUIRED_KEYS | OPTIONAL_KEYS:
        raise ConfigError(
            f'auxiliaries: expected dicts with source, head and, optionally, lowest and loss_weight, got the keys '
            f'{", ".join(sorted(map(str, keys)))}'
        )
    check_path(auxiliary['source'], 'source')
    if auxiliary.get('lowest') is not None:
        check_path(auxiliary['lowest'], 'lowest')
    if not isinstance(auxiliary['head'], dict):
        raise ConfigError(f'head={auxiliary["head"]!r}: expected the config of a head, a dict with its type')
    if 'loss_weight' in auxiliary and not _is_weight(auxiliary['loss_weight']):
        raise ConfigError(f'loss_weight={auxiliary["loss_weight"]!r}: expected a number, finite and at least 0')


def _is_weight(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    try:
        return 0 <= float(value) < math.inf
    except OverflowError:  # an integer or fraction beyond the largest float
        return False


def registered_class(config: dict, field: str) -> type:
    """Return the class that the config of a model or a head names.

    Args:
        config: config with a ``type``, the name of a registered class or a class.
        field: name of the setting that holds the config, for error messages.

    Raises:
        ConfigError: if there is no such class, or it has no method ``loss``.
    """
    if not isinstance(config, dict) or 'type' not in config:
        raise ConfigError(f'{field}={config!r}: expected the config of a {field}, a dict with its type')
    found = config['type']
    if isinstance(found, str):
        with MODELS.switch_scope_and_registry(config.get('_scope_')) as registry:
            try:
                found = registry.get(found)
            except (RuntimeError, TypeError, ValueError) as error:  # no name of a class, such as '' or '.x'
                if isinstance(error, ConfigError) and found.startswith('mmgb.'):
                    raise ConfigError(f'{field}.{error}') from error  # with close names
                found = None
    if not isinstance(found, type) or not issubclass(found, nn.Module) or not hasattr(found, 'loss'):
        raise ConfigError(
            f'{field}.type={config["type"]!r}: expected the name of a registered {field} with a method loss'
        )
    return found


def check_trainable(model: nn.Module, lowest: str | None, source: str | None) -> None:
    """Check that the modules registered from ``lowest`` to ``source`` have a trainable parameter, or none at all.

    Args:
        model: model that contains the modules.
        lowest: path of the first module. None: the first one of the model.
        source: path of the last module, whose submodules are included. None: the last one of the model.

    Raises:
        ConfigError: if there are parameters and all of them are frozen.
    """
    modules = list(model.named_modules(remove_duplicate=False))
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
