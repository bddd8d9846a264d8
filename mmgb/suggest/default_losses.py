"""Add the losses that the hosts' modules have by default to a model config that leaves them out."""

from __future__ import annotations

import copy
import inspect
from typing import Any

from .find_losses import LOSS_KEYS, find_losses, trains_by_losses
from .type_names import registered_type


def with_default_losses(model: Any, scope: str | None) -> Any:
    """Return a copy of a model config in which each head has its loss.

    A module has the default of its class, unless a part of it has a loss: a head that contains another one, such as
    K-Net's, leaves the loss to that. Backbones and necks have none.

    Args:
        model (Any): model config, or a part of one.
        scope (str | None): scope of names without one, ``'mmpretrain'`` or ``'mmseg'``.
    """
    if isinstance(model, (list, tuple)):
        return type(model)(with_default_losses(child, scope) for child in model)
    if not isinstance(model, dict):
        return copy.deepcopy(model)
    children = with_losses_of_tasks(model).items()
    result = {key: with_default_losses(child, scope) if trains_by_losses(key) else child for key, child in children}
    if 'type' in result and not any(find_losses(result, scope)):
        for key in LOSS_KEYS:
            default = None if key in result else default_argument(result['type'], key, scope)
            if default is not None:
                result[key] = default
    return result


def with_losses_of_tasks(head: dict) -> dict:
    """Return the config of a ``MultiTaskHead`` with its loss in the tasks that have none, as the host passes it on."""
    if not isinstance(head.get('task_heads'), dict):
        return head
    common = {key: value for key, value in head.items() if key in LOSS_KEYS}
    tasks = {name: {**common, **task} for name, task in head['task_heads'].items()}
    return {**{key: value for key, value in head.items() if key not in common}, 'task_heads': tasks}


def default_argument(kind: str | type, argument: str, scope: str | None) -> dict | None:
    """Return the default of an argument that reaches a registered class or one of its bases, None if there is none."""
    found = registered_type(kind, scope)
    for base in inspect.getmro(found) if found else ():
        parameters = inspect.signature(base.__init__).parameters
        if argument in parameters:
            default = parameters[argument].default
            return copy.deepcopy(default) if isinstance(default, dict) else None
        if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in parameters.values()):
            return None  # its bases get no other arguments
    return None
