"""Read the resources that a compiled CUDA kernel takes from its ELF file (cubin).

The section ``.nv.info`` is a list of attributes: one byte format, one byte attribute, and two bytes of value or, in
format 4, of length of the payload that follows. Registers and stack are payloads ``(index of the kernel, number)``.
The stack of a kernel without arrays of its own holds the registers that did not fit ("spills").
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

SIZED = 4  # format with a payload
STACK, REGISTERS = 0x12, 0x2F  # EIATTR_MIN_STACK_SIZE, EIATTR_REGCOUNT


class Resources(NamedTuple):
    """Resources of a kernel.

    Attributes:
        registers (int): 32-bit registers of a thread.
        stack (int): bytes of local memory of a thread.
        shared (int): bytes of statically allocated shared memory of a block.
    """

    registers: int
    stack: int
    shared: int


def read_resources(cubin: bytes) -> Resources:
    """Return the resources of the only kernel of a cubin.

    Raises:
        ValueError: if the file is no 64-bit ELF file, or does not describe one kernel.
    """
    if cubin[:5] != b'\x7fELF\x02':
        raise ValueError('cubin: expected a 64-bit ELF file')
    sections = list(_sections(cubin))
    found: dict[int, dict[int, int]] = {STACK: {}, REGISTERS: {}}
    for name, content, _ in sections:
        if name == '.nv.info':
            for attribute, payload in _attributes(content):
                if attribute in found:
                    kernel, number = struct.unpack('<2I', payload)
                    found[attribute][kernel] = number
    if len(found[REGISTERS]) != 1:
        raise ValueError(f'cubin: expected one kernel, got {len(found[REGISTERS])}')
    ((kernel, registers),) = found[REGISTERS].items()
    shared = sum(size for name, _, size in sections if name.startswith('.nv.shared.') and 'reserved' not in name)
    return Resources(registers, found[STACK][kernel], shared)


def _sections(cubin: bytes) -> Iterator[tuple[str, bytes, int]]:
    """Yield name, content and size of each section; a section without content in the file may have a size."""
    (table,) = struct.unpack_from('<Q', cubin, 0x28)
    step, count, names_at = struct.unpack_from('<3H', cubin, 0x3A)
    headers = [struct.unpack_from('<2I4Q', cubin, table + i * step) for i in range(count)]
    names = headers[names_at][4]
    for name_at, _, _, _, start, size in headers:
        end = cubin.index(b'\0', names + name_at)
        yield cubin[names + name_at : end].decode(), cubin[start : start + size], size


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 4 <= len(content):
        kind, attribute, value = struct.unpack_from('<2BH', content, position)
        position += 4
        if kind == SIZED:
            yield attribute, content[position : position + value]
            position += value
