"""Find modules by path."""

from __future__ import annotations

import difflib

from torch import nn

from .errors import ConfigError


def check_path(path: object, field: str) -> None:
    """Raise a ConfigError unless a setting is a text, as the paths of modules are."""
    if not isinstance(path, str):
        raise ConfigError(f"{field}={path!r}: expected the path of a module, such as 'backbone.layer3'")


def find_module(model: nn.Module, path: str, field: str) -> nn.Module:
    """Return the module at a path.

    Args:
        model: module to search.
        path: module path as in ``model.named_modules()``, such as ``'layer3.3'``.
        field: name of the setting that holds the path, for error messages.

    Raises:
        ConfigError: if the path is no text, or there is no such module (the message lists close matches), or if the
            module is compiled or part of a compiled module, where hooks don't run.
    """
    check_path(path, field)
    module = model
    names = path.split('.')
    for depth, name in enumerate(names, start=1):
        child = module._modules.get(name)
        if child is None:
            close = difflib.get_close_matches(path, dict(model.named_modules()), n=3)
            hint = f'; close matches: {", ".join(close)}' if close else ''
            raise ConfigError(f'{field}={path!r}: no such module{hint}')
        if _is_compiled(child):
            raise ConfigError(
                f'{field}={path!r}: expected a module outside compiled ones, but {".".join(names[:depth])!r} is '
                'compiled; leave it uncompiled, so that its gradients can be reached'
            )
        module = child
    return module


def _is_compiled(module: nn.Module) -> bool:
    return type(module).__name__ == 'OptimizedModule' or module._compiled_call_impl is not None
