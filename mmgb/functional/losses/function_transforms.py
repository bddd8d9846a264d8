"""torch.func and torch.compile helpers."""

import torch
from torch import Tensor


def is_transformed() -> bool:
    """Return True where custom kernels do not work: in ``torch.compile``, ``torch.func`` and forward-mode autograd."""
    return (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or torch.autograd.forward_ad._current_level >= 0
    )


def unwrapped(tensor: Tensor) -> Tensor:
    """Return the plain tensor beneath all wrappers of ``torch.func``, whose values can be read."""
    while not torch.compiler.is_compiling() and torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return tensor
