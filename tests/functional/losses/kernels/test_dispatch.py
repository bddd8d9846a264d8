"""The fused losses against the differentiable formula in float64, and everything autograd may ask of them."""

import functools
import os
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.profiler import ProfilerActivity, profile

from mmgb.functional import exp_gb_loss, pow3_gb_loss
from mmgb.functional.losses.kernels import cpu_blocks, cpu_compiled
from mmgb.functional.losses.kernels.compiled_on_demand import CompiledOnDemand

IGNORE = 255
EXP = dict(alpha=0.1, targets=(0.0, 16.0))
POW3 = dict(alpha=0.001, beta=0.4, targets=(-2.0, 10.0))
CAN_COMPILE = CompiledOnDemand(torch.sin)(torch.zeros(2)) is not None
LOSSES = [pytest.param(exp_gb_loss, EXP, id='exp'), pytest.param(pow3_gb_loss, POW3, id='pow3')]


def is_fused(loss):
    """Whether the fused function stands in the graph of a loss."""
    nodes = [loss.grad_fn]
    while nodes:
        node = nodes.pop()
        if node is not None:
            if type(node).__name__ == 'FusedGBLossBackward':
                return True
            nodes += [following for following, _ in node.next_functions]
    return False


def boosted(loss, alpha, x):
    return alpha * x.exp() if loss is exp_gb_loss else alpha * x**3


def lay_out(tensor, layout):
    """The same numbers in other strides."""
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
    """Scores of any layout, some near their fits, with targets, weights and options."""
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
    single = scores.detach().requires_grad_()
    value = loss(single, target, **setting, **options)
    upstream = torch.randn(value.shape, generator=generator)
    assert is_fused(value) and value.dtype == torch.float32
    value.backward(upstream)

    double = scores.double().requires_grad_()
    expected = loss(double, target, **setting, **options, fused=False)
    expected.backward(upstream.double())
    each = loss(double, target, **setting, **options | dict(reduction='none'), fused=False).detach()
    if options['reduction'] == 'mean':  # options 'none' divides by nothing
        each = each * (expected / each.sum()).nan_to_num().detach()
    assert torch.all((value - expected).abs() <= 1e-6 * (each if value.dim() else each.sum()))
    # A delta is a difference: it is as accurate as its terms are large. All that multiplies it is read off a loss
    # whose deltas are 1.
    ones = torch.zeros_like(double, requires_grad=True)
    without_bound = {name: option for name, option in options.items() if name != 'max_delta'}
    pow3_gb_loss(ones, target, alpha=1.0, beta=1.0, targets=(0.0, 1e-30), fused=False, **without_bound).backward(
        upstream.double()
    )
    terms = boosted(loss, setting['alpha'], double.detach()).abs() + 20
    assert torch.all((single.grad - double.grad).abs() <= 1e-6 * terms * ones.grad.abs())


@pytest.mark.parametrize('loss, setting', LOSSES)
@settings(max_examples=150, deadline=None)
@given(case=cases(), block=st.sampled_from([8, 100, 2**17]))
def test_fused_equals_the_formula_for_every_shape_layout_target_and_weight(loss, setting, case, block):
    with mock.patch.multiple(cpu_blocks, LABEL_BLOCK=block, CLASS_SCORE_BLOCK=block):
        assert_equals_the_formula(loss, setting, *case)


@contextmanager
def compiled_passes():
    """Few scores are compiled, too; a list of what each compiled call gave."""
    calls = []

    class Recorded(CompiledOnDemand):
        def __call__(self, *args):
            calls.append(super().__call__(*args))
            return calls[-1]

    if not CAN_COMPILE:
        pytest.skip('NOTHING CAN BE COMPILED HERE: is there a C++ compiler?')
    passes = {form: Recorded(one_pass.function) for form, one_pass in cpu_compiled.PASSES.items()}
    with mock.patch.multiple(cpu_compiled, FEWEST_SCORES=1, PASSES=passes):
        yield calls


WAYS = [
    pytest.param(False, nullcontext, id='formula'),
    pytest.param(True, nullcontext, id='eager'),
    pytest.param(True, compiled_passes, id='compiled'),
]


@pytest.mark.parametrize('loss, setting', LOSSES)
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    spread=st.sampled_from([0.1, 3.0, 12.0]),
    ignored=st.sampled_from([0.0, 0.3, 1.0]),
    shape=st.sampled_from([(70, 40), (3, 1000), (2, 5, 7), (3, 21, 9, 8), (2, 3, 2, 3, 2)]),
    layout=st.sampled_from(['contiguous', 'channels last', 'every second']),
    weighted=st.booleans(),
    reduction=st.sampled_from(['mean', 'sum', 'none']),
    other_setting=st.booleans(),
)
def test_compiled_equals_the_formula(
    loss, setting, seed, spread, ignored, shape, layout, weighted, reduction, other_setting
):
    generator = torch.Generator().manual_seed(seed)
    of_samples = shape[:1] + shape[2:]
    scores = lay_out(torch.randn(shape, generator=generator) * spread, layout)
    labels = torch.randint(shape[1], of_samples, generator=generator)
    labels[torch.rand(of_samples, generator=generator) < ignored] = 10 * IGNORE
    options = dict(reduction=reduction, ignore_index=10 * IGNORE)
    if weighted:
        options.update(
            weight=torch.rand(of_samples, generator=generator), class_weight=torch.rand(shape[1], generator=generator)
        )
    if other_setting:
        setting = setting | dict(alpha=0.03)
    with compiled_passes() as calls:
        assert_equals_the_formula(loss, setting, scores, labels, options, generator)
    assert [call is not None for call in calls] == [True] * (reduction != 'none' and layout != 'every second')


WITHOUT_A_COMPILER = """
import torch
from mmgb.functional import exp_gb_loss
scores = torch.randn(70, 1000).requires_grad_()
for _ in range(2):
    value = exp_gb_loss(scores, torch.arange(70))
    value.backward()
print(value.item(), exp_gb_loss(scores, torch.arange(70), fused=False).item())
"""


@pytest.mark.parametrize('environment, warnings', [({'CXX': '/nonexistent'}, 1), ({'TORCH_COMPILE_DISABLE': '1'}, 0)])
def test_where_nothing_can_be_compiled_the_loss_is_the_same_and_a_warning_says_so_once(tmp_path, environment, warnings):
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


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize(
    'soft, way',
    [(False, nullcontext), (True, nullcontext), (False, compiled_passes)],
    ids=['labels', 'class scores', 'labels, compiled'],
)
@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), log_distance=st.floats(-6, 0))
def test_value_is_accurate_where_every_output_is_near_its_fit(loss, setting, soft, way, seed, log_distance):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(6, (50,), generator=generator)
    target = torch.rand(50, 6, generator=generator) if soft else labels
    share = target if soft else torch.nn.functional.one_hot(labels, 6)
    negative, positive = setting['targets']
    t = (negative + (positive - negative) * share.float()).double()
    if loss is exp_gb_loss:
        fit = (t / setting['alpha']).log().clamp(min=-30)
    else:
        fit = (t - setting['beta']) / setting['alpha']
        fit = fit.sign() * fit.abs() ** (1 / 3)
    scores = (fit + 10**log_distance * torch.randn(50, 6, generator=generator)).float()
    # In float64, from the float32 targets that the loss is defined with, by class scores whose targets they are.
    if loss is exp_gb_loss:
        distance = scores.double() - (t / setting['alpha']).log()
        exact = torch.where(t > 0, t * (distance.expm1() - distance), setting['alpha'] * scores.double().exp())
    else:
        squares = (scores + fit) ** 2 + 2 * fit**2
        exact = setting['alpha'] / 4 * (scores - fit) ** 2 * squares
    with way():
        value = loss(scores.requires_grad_(), target, reduction='sum', **setting)
    assert is_fused(value)
    assert abs(value.item() - exact.sum().item()) <= 1e-6 * exact.sum().item()


@pytest.mark.parametrize('way', [nullcontext, compiled_passes], ids=['eager', 'compiled'])
@pytest.mark.parametrize('negative', [0.4, 0.4 + 1e-13, 0.3999])
def test_pow3_is_right_where_the_wrong_classes_fit_lies_at_zero_or_near(negative, way):
    scores, labels = torch.randn(50, 6), torch.randint(6, (50,))
    setting = dict(alpha=0.001, beta=0.4, targets=(negative, 10.0))
    single, double = scores.requires_grad_(), scores.detach().double().requires_grad_()
    with way():
        value = pow3_gb_loss(single, labels, **setting)
    expected = pow3_gb_loss(double, labels, fused=False, **setting)
    value.backward()
    expected.backward()
    assert is_fused(value) and abs(value.item() - expected.item()) <= 1e-6 * expected.item()
    assert torch.allclose(single.grad.double(), double.grad, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('reduction', ['mean', 'none'])
@pytest.mark.parametrize('upstream', [1.0, -3.0])
def test_a_second_backward_pass_gives_the_same_gradient(loss, setting, reduction, upstream):
    scores = torch.randn(3, 4, 5, requires_grad=True)
    value = loss(scores, torch.randint(4, (3, 5)), reduction=reduction, **setting)
    upstream = torch.full(value.shape, upstream)
    (first,) = torch.autograd.grad(value, scores, upstream, retain_graph=True)
    kept = first.clone()
    (second,) = torch.autograd.grad(value, scores, 2 * upstream)
    assert torch.equal(first, kept)
    assert torch.allclose(second, 2 * first, rtol=1e-6)
    with pytest.raises(RuntimeError, match='second time'):
        torch.autograd.grad(value, scores, upstream)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('reduction', ['mean', 'none'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_create_graph_gives_the_second_derivatives(loss, setting, reduction, dtype):
    labels = torch.tensor([[0, 2], [1, IGNORE]])
    vector = torch.randn(2, 3, 2, dtype=torch.float64)

    def derivatives(scores, **options):
        value = loss(scores, labels, ignore_index=IGNORE, reduction=reduction, **setting, **options)
        upstream = torch.linspace(0, 2, value.numel(), dtype=value.dtype).view(value.shape).requires_grad_()
        (gradient,) = torch.autograd.grad(value, scores, upstream, create_graph=True)
        return value, *torch.autograd.grad((gradient * vector.to(gradient.dtype)).sum(), (scores, upstream))

    scores = torch.randn(2, 3, 2).to(dtype).requires_grad_()
    value, *found = derivatives(scores)
    assert is_fused(value)
    _, *expected = derivatives(scores.detach().double().requires_grad_(), fused=False)
    rtol = 1e-5 if dtype == torch.float32 else 2e-2
    for one, other in zip(found, expected):
        assert torch.allclose(one.double(), other, rtol=rtol, atol=rtol * other.abs().max().item())


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_the_formula_is_taken_on_demand_in_float64_and_for_weights_that_learn(loss, setting):
    scores, labels = torch.randn(3, 4, requires_grad=True), torch.tensor([0, 1, 2])
    weight = torch.ones(3, requires_grad=True)
    assert is_fused(loss(scores, labels, **setting))
    assert not is_fused(loss(scores, labels, fused=False, **setting))
    assert not is_fused(loss(scores.double(), labels, **setting))
    loss(scores, labels, weight=weight, **setting).backward()
    assert torch.allclose(weight.grad, loss(scores, labels, reduction='none', **setting) / 3)


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_half_precision_gradients_are_scaled_before_they_are_rounded(loss, setting):
    scores = torch.randn(1, 3, 512, 512).half().requires_grad_()
    labels = torch.randint(3, (1, 512, 512))
    value = loss(scores, labels, **setting)
    (value * 2.0**16).backward()  # what a gradient scaler does; unscaled, float16 has no such small numbers
    single = scores.detach().float().requires_grad_()
    (loss(single, labels, fused=False, **setting) * 2.0**16).backward()
    assert value.dtype == torch.float32
    assert torch.allclose(scores.grad.float(), single.grad, rtol=1e-3, atol=1e-6)
    assert scores.grad.count_nonzero() == scores.numel()


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('soft', [False, True], ids=['labels', 'class scores'])
@pytest.mark.parametrize('fused', [True, False])
def test_autocast_changes_nothing(loss, setting, soft, fused):
    scores = torch.randn(4, 5)
    target = torch.rand(4, 5) if soft else torch.tensor([0, 1, 2, 3])
    options = dict(class_weight=torch.rand(5), fused=fused, **setting)
    expected = loss(scores, target, **options)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert loss(scores, target, **options) == expected
        layer = torch.nn.Linear(3, 5)
        value = loss(layer(torch.randn(4, 3)), target, **options)
    value.backward()
    assert value.dtype == layer.weight.grad.dtype == torch.float32


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize(
    'options, share', [({}, 0.1), (dict(class_weight=torch.ones(21)), 0.2), (dict(max_delta=5.0), 0.2)]
)
def test_memory_beyond_the_scores_is_the_gradient_and_a_small_share(loss, setting, options, share):
    scores = torch.randn(4, 21, 256, 256, requires_grad=True)
    labels = torch.randint(21, (4, 256, 256)).masked_fill_(torch.rand(4, 256, 256) < 0.1, IGNORE)

    def step():
        (0.4 * loss(scores, labels, ignore_index=IGNORE, **options, **setting)).backward()

    step()
    scores.grad = None
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        step()
    events = [event for event in profiled.profiler.kineto_results.events() if event.name() == '[memory]']
    used = np.cumsum([event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())])
    assert 1 <= used.max() / (4 * scores.numel()) <= 1 + share


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused, way', WAYS)
@pytest.mark.parametrize('options', [dict(ignore_index=IGNORE), dict(weight=torch.tensor([1.0, 0.0]))])
@pytest.mark.parametrize('anything', [float('inf'), float('-inf'), float('nan')])
def test_what_stands_at_a_sample_that_does_not_count_is_never_seen(loss, setting, fused, way, options, anything):
    scores = torch.tensor([[1.0, 2.0, 3.0], [1.0, anything, 2.0]], requires_grad=True)
    labels = torch.tensor([2, IGNORE if 'ignore_index' in options else 1])
    with way():
        value = loss(scores, labels, fused=fused, reduction='sum', **options, **setting)
    value.backward()
    assert torch.allclose(value, loss(scores[:1], labels[:1], reduction='sum', **setting))
    assert scores.grad[0].all() and not scores.grad[1].any()


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused, way', WAYS)
@pytest.mark.parametrize('anything', [float('inf'), float('nan')])
def test_nan_or_inf_in_a_score_that_counts_gives_a_loss_that_is_not_finite(loss, setting, fused, way, anything):
    for position in ((0, 0), (0, 1)):
        scores = torch.randn(2, 3)
        scores[position] = anything
        with way():
            value = loss(scores.requires_grad_(), torch.tensor([0, 1]), fused=fused, **setting)
        assert not torch.isfinite(value)


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused', [True, False])
@pytest.mark.parametrize('shape', [(0, 3), (0, 3, 4, 5), (2, 3, 0, 5)])
def test_an_empty_batch_gives_loss_zero_and_an_empty_gradient(loss, setting, fused, shape):
    scores = torch.zeros(shape, requires_grad=True)
    labels = torch.zeros(shape[:1] + shape[2:], dtype=torch.long)
    value = loss(scores, labels, fused=fused, **setting)
    value.backward()
    assert value == 0 and scores.grad.shape == shape
    assert loss(scores, torch.zeros(shape), fused=fused, **setting) == 0


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('fused', [True, False])
@pytest.mark.parametrize('score', [-80.0, 80.0])
def test_scores_up_to_80_averaged_over_a_million_pixels_give_finite_losses(loss, setting, fused, score):
    scores = torch.full((1, 2, 1000, 1000), score, requires_grad=True)
    value = loss(scores, torch.zeros(1, 1000, 1000, dtype=torch.long), fused=fused, **setting)
    value.backward()
    assert torch.isfinite(value) and torch.isfinite(scores.grad).all()


@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize('transform', ['grad', 'vmap', 'vmap of grad', 'hessian', 'compile', 'compile of a function'])
def test_transforms_and_the_compiler_take_the_formula_by_themselves(loss, setting, transform):
    scores, labels = torch.randn(3, 2, 4), torch.tensor([[0, 1, 2, 3], [3, IGNORE, 1, 0]])[:, :3].T.reshape(3, 2)[:, :1]
    scores = scores.movedim(-1, 1)[..., :1]

    def value(x, y):
        return loss(x, y, ignore_index=IGNORE, reduction='sum', **setting)

    def gradient(x, y):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(value(x, y), x)[0]

    if transform == 'grad':
        found, expected = torch.func.grad(value)(scores, labels), gradient(scores, labels)
    elif transform == 'vmap':
        found = torch.func.vmap(value)(scores[:, None], labels[:, None])
        expected = torch.stack([value(x[None], y[None]) for x, y in zip(scores, labels)])
    elif transform == 'vmap of grad':
        found = torch.func.vmap(torch.func.grad(value))(scores[:, None], labels[:, None])[:, 0]
        expected = gradient(scores, labels)
    elif transform == 'hessian':
        found = torch.func.jacrev(torch.func.jacrev(value))(scores, labels)
        expected = torch.autograd.functional.hessian(lambda x: value(x, labels), scores)
    else:
        torch._dynamo.reset()
        compiled = torch.compile(value, fullgraph=True, backend='aot_eager')
        x = scores.clone().requires_grad_()
        compiled(x, labels).backward()
        found, expected = x.grad, gradient(scores, labels)
        if transform == 'compile of a function':
            with pytest.raises(RuntimeError, match='lies outside the classes'):
                compiled(scores, labels + 1000)
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_vmap_still_checks_the_targets(loss, setting):
    scores = torch.randn(3, 1, 4)
    with pytest.raises(ValueError, match='label 4 lies outside the classes 0..3'):
        torch.func.vmap(functools.partial(loss, **setting))(scores, torch.full((3, 1), 4))
    with pytest.raises(ValueError, match='class score 2.0 lies outside'):
        torch.func.vmap(functools.partial(loss, **setting))(scores, torch.full((3, 1, 4), 2.0))


WORKER = """
import sys, torch, torch.distributed as dist
from mmgb.utils.process_exit import exit_if_distributed
from mmgb.functional import exp_gb_loss, pow3_gb_loss
torch.manual_seed(0)
model, inputs, labels = torch.nn.Linear(3, 4), torch.randn(8, 3), torch.randint(4, (8,))
rank = int(sys.argv[1])
if rank >= 0:
    dist.init_process_group('gloo', init_method='file://' + sys.argv[2] + '/store', rank=rank, world_size=2)
    model = torch.nn.parallel.DistributedDataParallel(model)
    inputs, labels = inputs[4 * rank:4 * rank + 4], labels[4 * rank:4 * rank + 4]
scores = model(inputs)
(exp_gb_loss(scores, labels) + pow3_gb_loss(scores, labels)).backward()
torch.save(next(model.parameters()).grad, f'{sys.argv[2]}/{rank}.pth')
exit_if_distributed()
"""


def test_distributed_data_parallel_gives_the_gradient_of_the_whole_batch(tmp_path):
    runs = [subprocess.Popen([sys.executable, '-c', WORKER, str(rank), str(tmp_path)]) for rank in (-1, 0, 1)]
    assert [run.wait(timeout=300) for run in runs] == [0, 0, 0]
    whole, *halves = (torch.load(tmp_path / f'{rank}.pth') for rank in (-1, 0, 1))
    assert torch.equal(*halves) and torch.allclose(whole, halves[0], rtol=1e-5)
