"""Modules by their paths."""
import difflib

from torch import nn


def find_module(model: nn.Module, path: str, field: str) -> nn.Module:
    """The module at a path like ``'layer3.3'``, which was given as ``field``.

    Raises:
        ValueError: if there is none, and the message lists close matches; or if it is compiled, or part of one that is.
    """
    modules = dict(model.named_modules())
    parts = path.split('.')
    for parent in ('.'.join(parts[:i + 1]) for i in range(len(parts))):
        if parent in modules and _is_compiled(modules[parent]):
            raise ValueError(f'{field}={path!r} lies in {parent!r}, which is compiled: no gradient can be ended or '
                             'taken there')
    if path in modules and path:
        return modules[path]
    close = difflib.get_close_matches(path, modules, n=3)
    raise ValueError(f'{field}={path!r}: no such module' + (f'; close matches: {", ".join(close)}' if close else ''))


def _is_compiled(module: nn.Module) -> bool:
    return type(module).__name__ == 'OptimizedModule' or module._compiled_call_impl is not None
