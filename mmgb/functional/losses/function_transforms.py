"""What the losses must know of ``torch.func``'s transforms and of ``torch.compile``."""

import torch
from torch import Tensor


def is_transformed() -> bool:
    """Whether a transform (vmap, grad, ...) or the compiler runs: then only plain, differentiable operations do."""
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()


def unwrapped(tensor: Tensor) -> Tensor:
    """The tensor beneath all of ``torch.func``'s wrappers, which may be looked at; a plain tensor itself."""
    while not torch.compiler.is_compiling() and torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        tensor = torch._C._functorch.get_unwrapped(tensor)
    return tensor
