"""Autograd of the fused losses, and where the differentiable formula is used instead."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from helpers.loss_cases import IGNORE, LOSSES, is_fused
from helpers.tiny_runs import run, succeeded
from torch.profiler import ProfilerActivity, profile


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_the_formula_is_used_on_demand_in_float64_and_for_trainable_weights(loss, setting):
    scores, labels = torch.randn(3, 4, requires_grad=True), torch.tensor([0, 1, 2])
    weight = torch.ones(3, requires_grad=True)
    assert is_fused(loss(scores, labels, **setting))
    assert not is_fused(loss(scores, labels, fused=False, **setting))
    assert not is_fused(loss(scores.double(), labels, **setting))
    loss(scores, labels, weight=weight, **setting).backward()
    assert torch.allclose(weight.grad, loss(scores, labels, reduction='none', **setting) / 3)


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
        upstream = torch.linspace(1, 2, value.numel(), dtype=value.dtype).view(value.shape).requires_grad_()
        (gradient,) = torch.autograd.grad(value, scores, upstream, create_graph=True)
        terms = gradient * vector.to(gradient.dtype)
        return value, terms, *torch.autograd.grad(terms.sum(), (scores, upstream))

    scores = torch.randn(2, 3, 2).to(dtype).requires_grad_()
    value, _, by_scores, by_upstream = derivatives(scores)
    assert is_fused(value)
    _, terms, exact_by_scores, exact_by_upstream = derivatives(scores.detach().double().requires_grad_(), fused=False)
    rtol = 1e-5 if dtype == torch.float32 else 2e-2
    # The derivative by the upstream gradient is a sum of these terms, which may cancel.
    rounding = rtol * terms.abs().sum().item()
    assert torch.allclose(by_upstream.double(), exact_by_upstream, rtol=rtol, atol=rounding)
    largest = exact_by_scores.abs().max().item()
    assert torch.allclose(by_scores.double(), exact_by_scores, rtol=rtol, atol=rtol * largest)


@pytest.mark.parametrize('loss, setting', LOSSES)
def test_half_precision_gradients_are_scaled_before_they_are_rounded(loss, setting):
    scores = torch.randn(1, 3, 512, 512).half().requires_grad_()
    labels = torch.randint(3, (1, 512, 512))
    value = loss(scores, labels, **setting)
    (value * 2.0**16).backward()  # as a gradient scaler does, since unscaled gradients underflow in float16
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


@pytest.mark.slow
@pytest.mark.parametrize('loss, setting', LOSSES)
@pytest.mark.parametrize(
    'options, share', [({}, 0.1), (dict(class_weight=torch.ones(21)), 0.2), (dict(max_delta=5.0), 0.2)]
)
def test_memory_beyond_the_scores_is_little_more_than_the_gradient(loss, setting, options, share):
    scores = torch.randn(4, 21, 128, 128, requires_grad=True)
    labels = torch.randint(21, (4, 128, 128)).masked_fill_(torch.rand(4, 128, 128) < 0.1, IGNORE)

    def step():
        (0.4 * loss(scores, labels, ignore_index=IGNORE, **options, **setting)).backward()

    step()
    scores.grad = None
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        step()
    events = [event for event in profiled.profiler.kineto_results.events() if event.name() == '[memory]']
    used = np.cumsum([event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())])
    assert 1 <= used.max() / (4 * scores.numel()) <= 1 + share


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


@pytest.mark.slow
def test_distributed_data_parallel_gives_the_gradient_of_the_whole_batch(tmp_path):
    with ThreadPoolExecutor(3) as pool:
        for process in pool.map(lambda rank: run(tmp_path, '-c', WORKER, rank, tmp_path), (-1, 0, 1)):
            succeeded(process)
    whole, *halves = (torch.load(tmp_path / f'{rank}.pth') for rank in (-1, 0, 1))
    assert torch.equal(*halves) and torch.allclose(whole, halves[0], rtol=1e-5)
