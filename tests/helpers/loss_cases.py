"""Random cases of exp-GB and pow3-GB, and references for their values and gradients."""

import inspect
from contextlib import contextmanager, nullcontext
from functools import cache
from unittest import mock

import pytest
import torch
from hypothesis import strategies as st

from mmgb.functional import exp_gb_loss, pow3_gb_loss
from mmgb.functional.losses.kernels import cpu_compiled
from mmgb.functional.losses.kernels.compiled_on_demand import CompiledOnDemand

IGNORE = 255
EXP = dict(alpha=0.1, targets=(0.0, 16.0))
POW3 = dict(alpha=0.001, beta=0.4, targets=(-2.0, 10.0))
LOSSES = [pytest.param(exp_gb_loss, EXP, id='exp'), pytest.param(pow3_gb_loss, POW3, id='pow3')]


@cache
def can_compile():
    """Return True if PyTorch's compiler works on this machine."""
    return CompiledOnDemand(lambda tensor: tensor.sin())(torch.zeros(2)) is not None


def paper_delta(loss, x, t):
    """Return the error delta of Sections 2.1 and 2.2, written out again."""
    if loss is exp_gb_loss:
        return EXP['alpha'] * torch.exp(x) - t
    return POW3['alpha'] * x * x * x + POW3['beta'] - t


def make_case(seed, soft=False, shape=(2, 5, 3, 4)):
    """Return float64 scores, labels or class scores, sample weights and class weights."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(shape, generator=generator, dtype=torch.float64) * 3
    labels = torch.randint(shape[1], shape[:1] + shape[2:], generator=generator)
    labels[0, 0, 0] = IGNORE
    target = torch.rand(shape, generator=generator, dtype=torch.float64) if soft else labels
    weight = torch.rand(shape[:1] + shape[2:], generator=generator, dtype=torch.float64) + 0.5
    class_weight = torch.rand(shape[1], generator=generator, dtype=torch.float64) + 0.5
    return scores.requires_grad_(), target, weight, class_weight


def is_fused(loss):
    """Return True if the graph of a loss contains the fused function."""
    nodes = [loss.grad_fn]
    while nodes:
        node = nodes.pop()
        if node is not None:
            if type(node).__name__ == 'FusedGBLossBackward':
                return True
            nodes += [following for following, _ in node.next_functions]
    return False


def boosted(loss, alpha, x):
    """Return the boosting function of the scores, without its offset."""
    return alpha * x.exp() if loss is exp_gb_loss else alpha * x**3


def lay_out(tensor, layout):
    """Return the same numbers with other strides."""
    if layout == 'channels last':
        return tensor.movedim(1, -1).contiguous().movedim(-1, 1)
    if layout == 'transposed':
        return tensor.transpose(-1, -2).contiguous().transpose(-1, -2)
    if layout == 'cropped':
        return torch.nn.functional.pad(tensor, (2, 1))[..., 2:-1]
    if layout == 'every second':
        return torch.stack([tensor, tensor], -1)[..., 0]
    return tensor.contiguous()


@st.composite
def cases(draw):
    """Draw scores of any layout, targets, options with weights, and a generator."""
    shape = draw(st.sampled_from([(5, 3), (1, 2), (3, 40), (2, 5, 7), (2, 3, 4, 5), (1, 21, 33, 8), (3, 2, 2, 3, 2)]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    scores = torch.randn(shape, generator=generator) * draw(st.sampled_from([0.1, 3.0, 12.0]))
    layout = draw(st.sampled_from(['contiguous', 'channels last', 'transposed', 'cropped', 'every second']))
    of_samples = shape[:1] + shape[2:]
    options = dict(reduction=draw(st.sampled_from(['mean', 'sum', 'none'])))
    if draw(st.booleans()):
        target = lay_out(torch.rand(shape, generator=generator), layout)
    else:
        target = torch.randint(shape[1], of_samples, generator=generator)
        ignored = torch.rand(of_samples, generator=generator) < draw(st.sampled_from([0.0, 0.3, 1.0]))
        target = target.masked_fill(ignored, IGNORE).to(draw(st.sampled_from([torch.int64, torch.int32, torch.int16])))
        options.update(ignore_index=IGNORE)
    if draw(st.booleans()):
        options.update(
            weight=torch.rand(of_samples, generator=generator).masked_fill(
                torch.rand(of_samples, generator=generator) < 0.2, 0
            )
        )
    if draw(st.booleans()):
        options.update(class_weight=torch.rand(shape[1], generator=generator))
    if draw(st.booleans()):
        options.update(max_delta=draw(st.sampled_from([0.5, 5.0, 20.0])))
    return lay_out(scores, layout), target, options, generator


def assert_equals_the_formula(loss, setting, scores, target, options, generator):
    """Compare the fused loss and its gradient with the differentiable formula in float64."""
    single = scores.detach().requires_grad_()
    value = loss(single, target, **setting, **options)
    upstream = torch.randn(value.shape, generator=generator)
    assert is_fused(value) and value.dtype == torch.float32
    value.backward(upstream)

    double = scores.double().requires_grad_()
    expected = loss(double, target, **setting, **options, fused=False)
    expected.backward(upstream.double())
    each = loss(double, target, **setting, **options | dict(reduction='none'), fused=False).detach()
    if options['reduction'] == 'mean':  # undo that reduction='none' does not divide
        each = each * (expected / each.sum()).nan_to_num().detach()
    assert torch.all((value - expected).abs() <= 1e-6 * (each if value.dim() else each.sum()))
    # A delta is a difference, so its error is relative to its terms. Its factor is the gradient of a loss whose deltas
    # are all 1.
    ones = torch.zeros_like(double, requires_grad=True)
    without_bound = {name: option for name, option in options.items() if name != 'max_delta'}
    pow3_gb_loss(ones, target, alpha=1.0, beta=1.0, targets=(0.0, 1e-30), fused=False, **without_bound).backward(
        upstream.double()
    )
    terms = boosted(loss, setting['alpha'], double.detach()).abs() + 20
    assert torch.all((single.grad - double.grad).abs() <= 1e-6 * terms * ones.grad.abs())


@contextmanager
def compiled_passes():
    """Compile small batches too, and yield the list of the compiled calls' results."""
    calls = []

    def recorded(run):
        def call(*args):
            calls.append(run(*args))
            return calls[-1]

        return call

    if not can_compile():
        pytest.skip('PyTorch cannot compile here: is there a C++ compiler?')
    passes = {kernel: one_pass._replace(run=recorded(one_pass.run)) for kernel, one_pass in cpu_compiled.PASSES.items()}
    with mock.patch.multiple(cpu_compiled, FEWEST_SCORES=1, PASSES=passes):
        yield calls


WAYS = [
    pytest.param(False, nullcontext, id='formula'),
    pytest.param(True, nullcontext, id='eager'),
    pytest.param(True, compiled_passes, id='compiled'),
]


PATHS = ['fused', 'formula', 'float64', 'torch.func', pytest.param('loop', marks=pytest.mark.slow)]


def value_and_gradient(path, loss, scores, target, **options):
    """Return a scalar loss and its gradient by one of the ``PATHS``; ``'loop'`` is the compiled loop."""
    if path == 'loop' and not can_compile():
        pytest.skip('PyTorch cannot compile here: is there a C++ compiler?')
    if 'fused' in inspect.signature(loss).parameters:
        options['fused'] = path in ('fused', 'loop')
    scores = scores.double() if path == 'float64' else scores
    if path == 'torch.func':
        gradient, value = torch.func.grad_and_value(lambda x: loss(x, target, **options))(scores)
        return value, gradient
    scores = scores.detach().requires_grad_()
    with mock.patch.object(cpu_compiled, 'FEWEST_SCORES', 1) if path == 'loop' else nullcontext():
        value = loss(scores, target, **options)
    value.backward()
    return value.detach(), scores.grad
