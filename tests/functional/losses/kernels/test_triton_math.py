"""The Triton functions, run in Triton's interpreter, against PyTorch in float64."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec('triton') is None, reason='needs triton')]

# Triton reads the source of a kernel, so it must be a file, and it decides at import whether it interprets.
KERNEL = """
import torch, triton
import triton.language as tl
from mmgb.functional.losses.kernels.triton_math import boosting_inverse, exp_of, expm1_minus_identity

@triton.jit
def evaluate(x_at, exp_at, excess_at, boosted_at, log_at, root_at, SIZE: tl.constexpr):
    i = tl.arange(0, SIZE)
    x = tl.load(x_at + i)
    tl.store(exp_at + i, exp_of(x))
    tl.store(excess_at + i, expm1_minus_identity(x))
    boosted = tl.load(boosted_at + i)
    tl.store(log_at + i, boosting_inverse(boosted, boosted * 0 + 0.1, 0.0, True))
    tl.store(root_at + i, boosting_inverse(boosted, boosted * 0 + 0.001, boosted * 0 + 0.4, False))

x = torch.linspace(-80, 80, 1024)
x[:512] = torch.linspace(-3, 3, 512)
boosted = torch.linspace(-20, 20, 1024, dtype=torch.float64)
exp, excess, log, root = x.clone(), x.clone(), boosted.clone(), boosted.clone()
evaluate[(1,)](x, exp, excess, boosted, log, root, SIZE=1024)
close = torch.testing.assert_close
close(exp.double(), x.double().exp(), rtol=4e-7, atol=0)
close(excess.double(), x.double().expm1() - x.double(), rtol=1e-6, atol=1e-30)
close(log, (boosted.clamp(min=0) / 0.1).log(), rtol=1e-12, atol=0)
cube = (boosted - 0.4) / 0.001
close(root, cube.sign() * cube.abs() ** (1 / 3), rtol=1e-9, atol=0)
print('equal')
"""


def test_functions_equal_pytorch(tmp_path):
    script = tmp_path / 'kernel.py'
    script.write_text(KERNEL)
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', str(script)],
        capture_output=True,
        text=True,
        env=os.environ | {'TRITON_INTERPRET': '1'},
    )
    assert run.stdout.strip() == 'equal', run.stderr
