"""Changes of a config as a nested dict, and that dict as the text of a config file.

mmengine merges dicts but not lists, so a changed list is repeated as a whole.
"""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import Any

WIDTH = 100  # characters of a line


class Expression(str):
    """An expression in the text of a config, such as ``_base_.model``."""

    def __repr__(self) -> str:
        return str(self)


def overrides_of(config: dict, changes: dict[str, dict]) -> dict:
    """Return the nested overrides that replace parts of a config.

    Args:
        config (dict): the config.
        changes (dict[str, dict]): dotted path, such as ``'auxiliary_head.1.loss_decode'``, to the dict that replaces
            the one at this path.
    """
    result: dict = {}
    for path, new in changes.items():
        keys = path.split('.')
        at_list = next((i for i in range(len(keys)) if isinstance(_get(config, keys[:i]), (list, tuple))), None)
        if at_list is None:
            # mmengine removes `_delete_` only where there is something to delete.
            _set(result, keys, dict(new) if _get(config, keys) is None else {'_delete_': True, **new})
            continue
        above = keys[:at_list]
        whole = _get(result, above)
        if whole is None:
            whole = list(plain(_get(config, above)))
            _set(result, above, whole)
        _set(whole, keys[at_list:], dict(new))
    return result


def plain(value: Any) -> Any:
    """Return a copy of config data with plain dicts and lists instead of mmengine's."""
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(child) for child in value)
    return value


def render(name: str, value: dict | list) -> str:
    """Return ``name = dict(…)`` or ``name = […]`` as Python text."""
    return f'{name} = {_render(value, 0, len(name) + 3)}'


def _render(value: Any, indent: int, used: int) -> str:
    short = _one_line(value)
    if indent + used + len(short) <= WIDTH or not isinstance(value, (dict, list, tuple)):
        return short
    inner = ' ' * (indent + 4)
    if isinstance(value, dict) and _are_names(value):
        lines = [f'{inner}{key}={_render(child, indent + 4, len(key) + 2)},' for key, child in value.items()]
        return '\n'.join(['dict(', *lines, ' ' * indent + ')'])
    if isinstance(value, dict):
        lines = [f'{inner}{key!r}: {_render(child, indent + 4, len(repr(key)) + 3)},' for key, child in value.items()]
        return '\n'.join(['{', *lines, ' ' * indent + '}'])
    opening, closing = '()' if isinstance(value, tuple) else '[]'
    lines = [f'{inner}{_render(child, indent + 4, 1)},' for child in value]
    return '\n'.join([opening, *lines, ' ' * indent + closing])


def _one_line(value: Any) -> str:
    if isinstance(value, dict):
        if _are_names(value):
            return f'dict({", ".join(f"{key}={_one_line(child)}" for key, child in value.items())})'
        return '{' + ', '.join(f'{key!r}: {_one_line(child)}' for key, child in value.items()) + '}'
    if isinstance(value, tuple):
        return f'({", ".join(map(_one_line, value))}{"," if len(value) == 1 else ""})'
    if isinstance(value, list):
        return f'[{", ".join(map(_one_line, value))}]'
    return repr(value)


def _are_names(value: dict) -> bool:
    return all(isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key) for key in value)


def _get(node: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        if isinstance(node, (list, tuple)):
            node = node[int(key)]
        elif key in node:
            node = node[key]
        else:
            return None
    return node


def _set(node: Any, keys: Sequence[str], value: Any) -> None:
    *above, last = keys
    for key in above:
        node = node[int(key)] if isinstance(node, list) else node.setdefault(key, {})
    if isinstance(node, list):
        node[int(last)] = value
    else:
        node[last] = value
