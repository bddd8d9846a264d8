"""Compilation on demand, and the fallback without a compiler."""

import os
import subprocess
import sys

import pytest
import torch
from helpers.loss_cases import can_compile

from mmgb.functional.losses.kernels.compiled_on_demand import CompiledOnDemand

WITHOUT_A_COMPILER = """
import torch
from mmgb.functional import exp_gb_loss
scores = torch.randn(70, 1000).requires_grad_()
for _ in range(2):
    value = exp_gb_loss(scores, torch.arange(70))
    value.backward()
print(value.item(), exp_gb_loss(scores, torch.arange(70), fused=False).item())
"""


@pytest.mark.slow
@pytest.mark.parametrize('environment, warnings', [({'CXX': '/nonexistent'}, 1), ({'TORCH_COMPILE_DISABLE': '1'}, 0)])
def test_without_a_compiler_the_loss_is_the_same_and_one_warning_is_logged(tmp_path, environment, warnings):
    run = subprocess.run(
        [sys.executable, '-c', WITHOUT_A_COMPILER],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | environment | {'TORCHINDUCTOR_CACHE_DIR': str(tmp_path)},
    )
    value, expected = map(float, run.stdout.split())
    assert abs(value - expected) <= 1e-6 * expected
    assert run.stderr.count('exp_gb_pass is not compiled') == warnings


def test_a_function_that_cannot_be_compiled_returns_none_and_is_tried_once(caplog):
    def refuses(tensor):
        raise NotImplementedError('not compilable')

    if torch._dynamo.config.disable:
        pytest.skip('TORCH_COMPILE_DISABLE is set')
    function = CompiledOnDemand(refuses)
    assert function(torch.zeros(2)) is None and function(torch.zeros(2)) is None
    warnings = [record.message for record in caplog.records if record.name.startswith('mmgb')]
    assert [warning.split(',')[0] for warning in warnings] == ['refuses is not compiled']


@pytest.mark.slow
def test_a_compiled_function_takes_tensors_of_any_shape():
    if not can_compile():
        pytest.skip('PyTorch cannot compile here')
    double = CompiledOnDemand(lambda tensor: 2 * tensor)
    for shape in ((2,), (3, 4), (0,)):
        assert torch.equal(double(torch.ones(shape)), torch.full(shape, 2.0))


def test_a_case_that_fails_leaves_the_other_cases_compiled(monkeypatch):
    def doubled(tensor):
        if tensor.dtype == torch.int16:
            raise NotImplementedError('not this type')
        return 2 * tensor

    monkeypatch.setattr(torch, 'compile', lambda function, **options: function)
    function = CompiledOnDemand(doubled)
    for _ in range(2):
        assert function(torch.ones(2, dtype=torch.int16)) is None
        assert function(torch.ones(2)).tolist() == [2, 2]


def test_more_cases_are_compiled_than_pytorch_compiles_of_one_function(monkeypatch):
    if torch._dynamo.config.disable:
        pytest.skip('TORCH_COMPILE_DISABLE is set')
    compile_by_torch = torch.compile
    monkeypatch.setattr(
        torch, 'compile', lambda function, **_: compile_by_torch(function, backend='eager', fullgraph=True)
    )
    function = CompiledOnDemand(lambda tensor: 2 * tensor)
    for dimensions in range(1, 12):
        assert function(torch.ones([2] * dimensions)) is not None
