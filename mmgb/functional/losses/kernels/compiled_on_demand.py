"""Compile a function of tensors where the machine can."""

from __future__ import annotations

import logging
from typing import Any, Callable

import torch

logger = logging.getLogger(__name__)


class CompiledOnDemand:
    """A function that is compiled at its first call. A call returns None where the function cannot be compiled.

    The tensors may have any shapes. Numbers among the arguments would be compiled in as constants. PyTorch's compiler
    needs a C++ compiler on the machine; ``TORCH_COMPILE_DISABLE=1`` turns it off.

    The compiler specialises a function for the types and layouts of its arguments. A case that fails is not tried
    again, and the other cases stay compiled.

    Args:
        function (Callable): function of tensors.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.compiled: Callable[..., Any] | None = None
        self.failed: set[tuple[Any, ...]] = set()

    def __call__(self, *args: torch.Tensor) -> Any:
        if self.failed and _case(args) in self.failed:
            return None
        try:
            if torch._dynamo.config.disable:
                return None
            if self.compiled is None:
                # Compile in this process: helper processes would outlive it, and there is little to compile.
                self.compiled = torch.compile(
                    self.function, dynamic=True, fullgraph=True, options={'compile_threads': 1}
                )
            return self.compiled(*args)
        except Exception as error:  # the compiler raises whatever its parts raise
            self.failed.add(_case(args))
            logger.warning(
                '%s is not compiled, and therefore slower: %s: %s',
                self.function.__name__,
                type(error).__name__,
                str(error).strip().partition('\n')[0],
            )
            return None


def _case(args: tuple[torch.Tensor, ...]) -> tuple[Any, ...]:
    """Return what the compiler specialises for: type, device, layout, and sizes as far as they are 0 or 1."""
    return tuple(
        (arg.dtype, arg.device.type, arg.is_contiguous(), *(min(size, 2) for size in arg.shape)) for arg in args
    )
