"""A pretended MPS device: its tensors live on the CPU, report the device ``mps`` and cannot be float64."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

MPS = torch.device('mps')


class _Tensor(Tensor):
    """Tensor that reports the pretended device, around one on the CPU."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> _Tensor:
        if inner.dtype == torch.float64:
            raise TypeError('Cannot convert a MPS Tensor to float64 dtype as the MPS framework does not support it')
        return Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype, device=MPS)

    def __init__(self, inner: Tensor) -> None:
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _on_the_cpu(function, args, kwargs or {})


class PretendDevice(TorchDispatchMode):
    """Mode in which every tensor that is created on, moved to or computed on ``mps`` is a pretended one."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _on_the_cpu(function, args, kwargs or {})

    @staticmethod
    def tensor(values: Tensor) -> Tensor:
        return _Tensor(values)


def _on_the_cpu(function: Any, args: Any, kwargs: dict) -> Any:
    found: list[_Tensor] = []

    def unwrap(value: Any) -> Any:
        if isinstance(value, _Tensor):
            found.append(value)
            return value.inner
        return value

    args, arguments = tree_map(unwrap, (args, kwargs))
    device = arguments.get('device')
    here = bool(found) if device is None else torch.device(device).type == MPS.type
    if device is not None:
        arguments['device'] = torch.device('cpu')
    result = function(*args, **arguments)
    name = function.overloadpacket.__name__
    if not here:
        return result
    if name.endswith('_') and found:  # in place
        return found[0]
    return tree_map(lambda value: _Tensor(value) if type(value) is Tensor else value, result)
