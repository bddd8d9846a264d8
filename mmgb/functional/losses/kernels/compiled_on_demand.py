"""Compiling a function of tensors where that can be done."""

from __future__ import annotations

import logging
from typing import Callable

import torch

logger = logging.getLogger(__name__)


class CompiledOnDemand:
    """A function that is compiled when it is first called. Where that can't be done a call gives None.

    Its tensors may have any shapes; numbers among its arguments would be compiled in. PyTorch's compiler needs a C++
    compiler on the machine; ``TORCH_COMPILE_DISABLE=1`` turns it off.
    """

    def __init__(self, function: Callable) -> None:
        self.function = function
        self.compiled: Callable | None = None
        self.can_be_compiled = True

    def __call__(self, *args: torch.Tensor):
        if not self.can_be_compiled:
            return None
        try:
            if torch._dynamo.config.disable:
                return None
            if self.compiled is None:
                # In this process, without helpers that would outlive it: there is little to compile.
                self.compiled = torch.compile(
                    self.function, dynamic=True, fullgraph=True, options={'compile_threads': 1}
                )
            return self.compiled(*args)
        except Exception as error:  # the compiler raises whatever its parts raise
            self.can_be_compiled = False
            logger.warning(
                '%s is not compiled, and slower: %s: %s',
                self.function.__name__,
                type(error).__name__,
                str(error).strip().partition('\n')[0],
            )
            return None
