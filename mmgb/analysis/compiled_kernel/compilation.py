"""Compile the Triton kernel for a GPU that is not there, and read what the result needs.

The kernel is specialised as Triton would on that GPU: by the types of the arguments, and by which of them are 1 or
multiples of 16.
"""
# mypy: allow-untyped-defs

from __future__ import annotations

import re
from typing import NamedTuple

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, make_backend
from triton.runtime.jit import create_function_from_signature

from mmgb.functional.losses.kernels.triton_kernel import Launch, _kernel

from .cubin import read_resources

CAPABILITIES = (75, 80, 89, 90, 100)
WARP = 32


class Compiled(NamedTuple):
    """A compiled launch.

    Attributes:
        registers (int): 32-bit registers of a thread, of 255.
        spilled (int): bytes of registers of a thread that are kept in local memory.
        shared (int): bytes of shared memory of a program.
        double_operations (float): instructions of double precision per score.
    """

    registers: int
    spilled: int
    shared: int
    double_operations: float


def compile_launch(launch: Launch, capability: int) -> Compiled:
    """Compile a launch for a GPU of this compute capability, such as 90.

    Raises:
        Exception: whatever Triton's compiler raises.
    """
    target = GPUTarget('cuda', capability, WARP)
    backend = make_backend(target)
    bind = create_function_from_signature(_kernel.signature, _kernel.params, backend)
    bound, specialization, options = bind(*launch.arguments, **launch.constants)
    options, signature, constants, attributes = _kernel._pack_args(backend, options, bound, specialization, options)
    source = ASTSource(_kernel, signature, constants, attributes)
    kernel = triton.compile(source, target=target, options=options.__dict__)
    resources = read_resources(kernel.asm['cubin'])
    scores = launch.constants['SAMPLES'] * launch.constants['CLASSES'] / (WARP * options.num_warps)
    return Compiled(
        resources.registers,
        resources.stack,
        resources.shared + kernel.metadata.shared,
        _double_operations(kernel.asm['ptx']) / max(scores, 1),
    )


def _double_operations(ptx: str) -> int:
    """Return the number of arithmetic instructions of double precision; moves and constants are free."""
    return len(re.findall(r'^\s*(?:@\S+\s+)?(?:add|sub|mul|fma|div|neg|abs|min|max|setp|cvt)\S*\.f64', ptx, re.M))
