import re
import subprocess

import pytest
import triton
import triton.language as tl
from triton import knobs
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from mmgb.analysis.compiled_kernel.cubin import read_resources


@triton.jit
def hungry(at, N: tl.constexpr):
    """Sum up and scale numbers, of which each thread holds N / 128 at once in double precision."""
    numbers = tl.load(at + tl.arange(0, N))
    doubles = numbers.to(tl.float64)
    tl.store(at + tl.arange(0, N), (tl.log(doubles) * tl.sum(tl.exp(doubles), 0)).to(tl.float32))


@pytest.mark.slow
@pytest.mark.parametrize('capability', [75, 100])
@pytest.mark.parametrize('numbers', [128, 8192])
def test_registers_stack_and_shared_memory_are_those_that_cuobjdump_prints(capability, numbers, tmp_path, monkeypatch):
    monkeypatch.setenv('TRITON_CACHE_DIR', str(tmp_path / 'cache'))
    source = ASTSource(hungry, {'at': '*fp32', 'N': 'constexpr'}, {(1,): numbers})
    cubin = triton.compile(source, target=GPUTarget('cuda', capability, 32)).asm['cubin']
    (tmp_path / 'kernel.cubin').write_bytes(cubin)
    command = [knobs.nvidia.cuobjdump.path, '-res-usage', tmp_path / 'kernel.cubin']
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = read_resources(cubin)
    assert found == tuple(map(int, re.search(r'REG:(\d+) STACK:(\d+) SHARED:(\d+)', printed).groups()))
    assert (found.stack > 0) == (numbers == 8192)


def test_a_file_that_is_no_cubin_is_refused():
    with pytest.raises(ValueError, match='expected a 64-bit ELF file'):
        read_resources(b'ELF')
