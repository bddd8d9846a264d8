"""Add the losses that heads of the hosts have by default to a model config that leaves them out."""

from __future__ import annotations

import copy
import inspect
from typing import Any

from mmengine.registry import MODELS

HEAD_KEYS = {'head': 'loss', 'decode_head': 'loss_decode', 'auxiliary_head': 'loss_decode'}


def with_default_losses(model: Any, scope: str | None) -> Any:
    """Return a copy of a model config in which each head has its loss.

    Args:
        model (Any): model config, or a part of one.
        scope (str | None): scope of names without one, ``'mmpretrain'`` or ``'mmseg'``.
    """
    if isinstance(model, (list, tuple)):
        return type(model)(with_default_losses(child, scope) for child in model)
    if not isinstance(model, dict):
        return copy.deepcopy(model)
    result = {key: with_default_losses(child, scope) for key, child in model.items()}
    for key, loss_key in HEAD_KEYS.items():
        heads = result.get(key)
        for head in heads if isinstance(heads, (list, tuple)) else [heads]:
            if isinstance(head, dict) and 'type' in head and loss_key not in head:
                default = default_argument(head['type'], loss_key, scope)
                if default is not None:
                    head[loss_key] = default
    return result


def default_argument(kind: str | type, argument: str, scope: str | None) -> dict | None:
    """Return the default of an argument of a registered class or of the nearest base class that has one, else None."""
    scoped = f'{scope}.{kind}' if isinstance(kind, str) and '.' not in kind and scope else kind
    found = MODELS.get(scoped) if isinstance(scoped, str) else scoped
    for base in inspect.getmro(found) if inspect.isclass(found) else ():
        parameter = inspect.signature(base.__init__).parameters.get(argument)
        if parameter is not None:
            return copy.deepcopy(parameter.default) if isinstance(parameter.default, dict) else None
    return None
