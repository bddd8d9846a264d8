"""Compile a function of tensors where the machine can."""

from __future__ import annotations

import logging
from types import FunctionType
from typing import Any, Callable

import torch

logger = logging.getLogger(__name__)

OPTIONS: dict[str, Any] = {
    # Compile in this process: helper processes would outlive it, and there is little to compile.
    'compile_threads': 1,
    # Keep one loop without intermediate tensors: by default a long formula is cut into several.
    'realize_opcount_threshold': 1000,
    'realize_acc_reads_threshold': 100,
}


class CompiledOnDemand:
    """A function that is compiled at its first call. A call returns None where the function cannot be compiled.

    The tensors may have any shapes. Numbers among the arguments would be compiled in as constants. PyTorch's compiler
    needs a C++ compiler on the machine; ``TORCH_COMPILE_DISABLE=1`` turns it off.

    The compiler specialises a function for the types and layouts of its arguments. Each case is compiled apart from the
    others, so that a case that fails stops no other one; it is not tried again.

    Args:
        function (Callable): function of tensors.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.compiled: dict[tuple[Any, ...], Callable[..., Any] | None] = {}  # None: the case can't be compiled

    def __call__(self, *args: torch.Tensor) -> Any:
        case = _case(args)
        try:
            if torch._dynamo.config.disable:
                return None
            if case not in self.compiled:
                self.compiled[case] = _compile(self.function)
            compiled = self.compiled[case]
            return None if compiled is None else compiled(*args)
        except Exception as error:  # the compiler raises whatever its parts raise
            self.compiled[case] = None
            logger.warning(
                '%s is not compiled, and therefore slower: %s: %s',
                self.function.__name__,
                type(error).__name__,
                str(error).strip().partition('\n')[0],
            )
            return None


def _compile(function: Callable[..., Any]) -> Callable[..., Any]:
    # A copy, because the compiler refuses a code object that it has compiled eight times.
    copy = FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    return torch.compile(copy, dynamic=True, fullgraph=True, options=OPTIONS)


def _case(args: tuple[torch.Tensor, ...]) -> tuple[Any, ...]:
    """Return what the compiler specialises for: type, device, layout, and whether a size is 0 or 1."""
    return tuple(
        [(arg.dtype, arg.device, arg.dim(), arg.is_contiguous(), 0 in arg.shape, 1 in arg.shape) for arg in args]
    )
