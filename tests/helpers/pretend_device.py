"""A pretended MPS device: its tensors live on the CPU, report the device ``mps`` and cannot be float64."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

MPS, CPU = torch.device('mps'), torch.device('cpu')


class _Tensor(Tensor):
    """Tensor of the pretended device, around one on the CPU."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> _Tensor:
        if inner.dtype == torch.float64:
            raise TypeError('the MPS framework does not support float64')
        return Tensor._make_subclass(cls, inner)

    def __init__(self, inner: Tensor) -> None:
        self.inner = inner


class PretendDevice(TorchFunctionMode):
    """Mode in which every tensor that is created on, moved to or computed on ``mps`` is a pretended one."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function == Tensor.device.__get__:
            return MPS if isinstance(args[0], _Tensor) else CPU
        found: list[Any] = []

        def unwrap(value: Any) -> Any:
            if isinstance(value, _Tensor):
                found.append(value)
                return value.inner
            if isinstance(value, torch.device) and value.type == MPS.type:
                found.append(value)
                return CPU
            return value

        plain_args, plain_kwargs = tree_map(unwrap, (args, kwargs or {}))
        result = function(*plain_args, **plain_kwargs)
        moves = function is Tensor.cpu or (function is Tensor.to and CPU in (*args[1:], *(kwargs or {}).values()))
        if not found or moves:
            return result
        return tree_map(lambda value: _Tensor(value) if type(value) is Tensor else value, result)

    @staticmethod
    def tensor(values: Tensor) -> Tensor:
        return _Tensor(values)
