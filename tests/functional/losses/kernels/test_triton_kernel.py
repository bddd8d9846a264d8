"""The Triton kernel: interpreted on the CPU, compiled for GPUs, and run on a GPU where there is one."""

import functools
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch

from mmgb.functional import exp_gb_loss, pow3_gb_loss

pytestmark = pytest.mark.skipif(find_spec('triton') is None, reason='needs triton')

# Triton decides at import whether it interprets or compiles, so the interpreter runs in its own process. Its reference
# is the CPU's evaluation, which has its own tests.
INTERPRETED = """
import itertools, sys, torch
from mmgb.functional.losses.kernels import cpu_blocks, triton_kernel
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.pow3_gb import Pow3GB

FORMULAS = [ExpGB(0.1, (0., 16.)), ExpGB(0.1, (0.5, 6.)), Pow3GB(0.001, 0.4, (-2., 10.)),
            ExpGB(0.1, (0., 16.), max_delta=3.), Pow3GB(0.001, 0.4, (0., 10.), max_delta=3., shift=4.6)]
LAYOUTS = [lambda x: x, lambda x: x.movedim(1, -1).contiguous().movedim(-1, 1),
           lambda x: x.transpose(0, 1).contiguous().transpose(0, 1), lambda x: x[..., 1:]]
SHAPES = [(6, 19), (2, 5, 30), (2, 5, 7, 9)]
cases = [*itertools.product(FORMULAS, LAYOUTS, SHAPES, (False, True)),
         *itertools.product(FORMULAS, LAYOUTS[:1], [(2, 1030)], (False, True))]
for checked, (formula, layout, shape, soft) in enumerate(cases):
    torch.manual_seed(checked)
    dtype = (torch.float32, torch.bfloat16, torch.float16)[checked % 3]
    scores = layout(torch.randn(shape) * 3).to(dtype)
    of_samples = scores.shape[:1] + scores.shape[2:]
    weight = torch.rand(of_samples).masked_fill(torch.rand(of_samples) < 0.3, 0)
    if soft:
        target = layout(torch.rand(shape))
    else:
        target = torch.randint(scores.shape[1], of_samples).to(torch.int64 if checked % 4 else torch.int16)
    if checked % 5:
        scores.masked_fill_((weight == 0).unsqueeze(1), float('nan'))  # never seen
        target = target if soft else target.masked_fill(weight == 0, 255)
        weight = weight if checked % 5 > 1 else weight != 0
    else:
        weight = torch.ones(()).expand(of_samples)
    scale, per_sample = torch.tensor(0.3), checked % 2 == 0
    options = dict(per_sample=per_sample, want_loss=True, want_gradient=True)
    found, expected = (module.evaluate(formula, scores, target, weight, scale, **options)
                       for module in (triton_kernel, cpu_blocks))
    assert found[0].shape == expected[0].shape and found[1].shape == scores.shape and found[1].dtype == dtype
    assert torch.all((found[0] - expected[0]).abs() <= 1e-6 * expected[0]), (formula, shape, soft)
    terms = 20 + (0.1 * scores.float().exp() if isinstance(formula, ExpGB) else
                  0.001 * (scores.float() + formula.shift).abs() ** 3)
    rounding = {torch.float32: 1e-6, torch.bfloat16: 2 ** -7, torch.float16: 2 ** -10}[dtype]
    error = (found[1].float() - expected[1].float()).abs()
    bound = rounding * expected[1].float().abs() + 1e-6 * terms.nan_to_num() * (weight * scale).unsqueeze(1)
    assert torch.all(error <= bound + (1e-7 if dtype == torch.float16 else 0)), (formula, shape, soft, dtype)
    if checked % 4:
        continue
    alone = triton_kernel.evaluate(formula, scores, target, weight, scale, per_sample=False, want_loss=False,
                                   want_gradient=True)
    assert alone[0] is None and torch.equal(alone[1], found[1])
    value_only = triton_kernel.evaluate(formula, scores, target, weight, scale, per_sample=per_sample,
                                        want_loss=True, want_gradient=False)
    assert value_only[1] is None and torch.equal(value_only[0], found[0])
print(len(cases))
"""


def run_python(code, **environment):
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True, env=os.environ | environment
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_a_number_is_split_into_a_float32_number_and_the_rest():
    from mmgb.functional.losses.kernels.triton_kernel import _two_parts

    nearest, rest = _two_parts(0.1)
    assert nearest == torch.tensor(0.1).item() and nearest + rest == 0.1 and 0 < abs(rest) < 1e-8


@pytest.mark.slow
def test_the_interpreted_kernel_equals_the_cpu_blocks():
    assert run_python(INTERPRETED, TRITON_INTERPRET='1') == '130'


@pytest.mark.slow
@pytest.mark.parametrize('capability', [75, 80, 89, 90, 100])
def test_the_kernel_compiles_within_limits_for_gpus_that_are_not_there(capability, tmp_path, monkeypatch):
    from mmgb.analysis.compiled_kernel.compilation import CAPABILITIES, compile_launch
    from mmgb.analysis.compiled_kernel.launch_case import covering_cases, launch
    from mmgb.analysis.compiled_kernel.summary import exceeded_limits

    monkeypatch.setenv('TRITON_CACHE_DIR', str(tmp_path))
    cases = list(covering_cases())
    step = 197  # a prime: the cases differ in formula, result, layout and types
    chosen = cases[CAPABILITIES.index(capability) * 37 % step :: step]
    rows = [
        dict(case=case, capability=capability, **compile_launch(launch(case), capability)._asdict()) for case in chosen
    ]
    assert len(rows) >= 4 and exceeded_limits(rows) == []


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@pytest.mark.parametrize('loss', [exp_gb_loss, functools.partial(pow3_gb_loss, targets=(-2.0, 10.0))])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize('soft', [False, True], ids=['labels', 'class scores'])
@pytest.mark.parametrize('channels_last', [False, True])
@pytest.mark.parametrize('shape', [(4, 21, 64, 48), (64, 1000)])
def test_fused_on_a_gpu_equals_the_formula(loss, dtype, soft, channels_last, shape):
    scores = (torch.randn(shape, device='cuda') * 3).to(dtype)
    scores = scores.movedim(1, -1).contiguous().movedim(-1, 1) if channels_last else scores
    target = (
        torch.rand(shape)
        if soft
        else torch.randint(shape[1], shape[:1] + shape[2:]).masked_fill(torch.rand(shape[:1] + shape[2:]) < 0.1, 255)
    )
    options = dict(ignore_index=None if soft else 255)
    fused, formula = (scores.clone().requires_grad_() for _ in range(2))
    value = loss(fused, target.cuda(), **options)
    expected = loss(formula, target.cuda(), fused=False, **options)
    (3 * value).backward()
    (3 * expected).backward()
    assert torch.allclose(value, expected, rtol=2e-6)
    tolerance = {torch.float32: 2e-6, torch.bfloat16: 1e-2, torch.float16: 1e-3}[dtype]
    assert torch.allclose(fused.grad, formula.grad, rtol=tolerance, atol=tolerance * formula.grad.abs().max().item())
