"""Find the class that a component's config names, and the names of its bases.

A head that a user derives from one of the hosts' is treated as that one.
"""

from __future__ import annotations

import inspect

from mmengine.registry import MODELS

from mmgb.apis.config import type_name


def registered_type(kind: str | type, scope: str | None) -> type | None:
    """Return the class of a config's ``type``, None if no class of this name is registered.

    Args:
        kind (str | type): name, with or without a scope, or the class itself.
        scope (str | None): scope of a name without one, ``'mmpretrain'`` or ``'mmseg'``.
    """
    scoped = f'{scope}.{kind}' if isinstance(kind, str) and '.' not in kind and scope else kind
    found = MODELS.get(scoped) if isinstance(scoped, str) else scoped
    return found if inspect.isclass(found) else None


def type_names(config: dict, scope: str | None) -> tuple[str, ...]:
    """Return the names of a component's class and of its bases; an unregistered class has no bases here."""
    found = registered_type(config['type'], scope) if 'type' in config else None
    return tuple(base.__name__ for base in inspect.getmro(found)) if found else (type_name(config),)
