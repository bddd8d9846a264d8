"""Modules by their paths."""

import difflib

from torch import nn

from .errors import ConfigError


def find_module(model: nn.Module, path: str, field: str) -> nn.Module:
    """The module at a path like ``'layer3.3'``, which was given as ``field``.

    Raises:
        ValueError: if there is none, and the message lists close matches; or if it is compiled, or part of one that is.
    """
    module = model
    parts = path.split('.')
    for depth, name in enumerate(parts, start=1):
        module = module._modules.get(name)
        if module is None:
            close = difflib.get_close_matches(path, dict(model.named_modules()), n=3)
            raise ConfigError(
                f'{field}={path!r}: no such module' + (f'; close matches: {", ".join(close)}' if close else '')
            )
        if _is_compiled(module):
            raise ConfigError(
                f'{field}={path!r} lies in {".".join(parts[:depth])!r}, which is compiled: no gradient '
                'can be ended or taken there'
            )
    return module


def _is_compiled(module: nn.Module) -> bool:
    return type(module).__name__ == 'OptimizedModule' or module._compiled_call_impl is not None
