"""RelayBP with several processes, gradient accumulation, autocast, copies, pickles, moving averages and failures."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
import torch.utils.checkpoint
from helpers.host_stacks import STACKS, stack_path
from helpers.relay_models import (
    RESNET,
    assert_same,
    auxiliary,
    batch,
    build,
    by_definition,
    gradients_of,
    relay_config,
    total,
)
from helpers.tiny_runs import run, succeeded
from mmengine.model import ExponentialMovingAverage
from mmengine.optim import OptimWrapper

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[2]
CONFIG = relay_config(
    RESNET,
    [auxiliary('backbone.layer2.1', None, 512), auxiliary('backbone.layer3.3', 'backbone.layer2.0', 1024)],
    'backbone.layer3.0',
)


def frozen_norm_config(**backbone):
    """Make a config in which no layer depends on the batch size."""
    config = copy.deepcopy(CONFIG)
    config['model']['backbone'].update(norm_eval=True, **backbone)
    for entry in config['auxiliaries']:
        entry['head']['norm_cfg'] = None
    return config


def assert_exact(relay, config=CONFIG, seed=5):
    images, samples = batch('resnet', seed=seed)
    assert_same(gradients_of(relay, images, samples), by_definition('resnet', config, relay, images, samples))


def assert_without_hooks(model):
    assert not any(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks for module in model.modules()
    )


WORKER = """
import sys
from mmgb import compat
compat.apply()
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmgb.utils.process_exit import exit_if_distributed
from helpers.relay_models import batch, build
rank, folder = int(sys.argv[1]), sys.argv[2]
torch.distributed.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
torch.set_num_threads(1)
found = []
for config, options in torch.load(folder + '/cases.pth', weights_only=False):
    model = build('resnet', config)
    model.data_preprocessor.forward = lambda data, training: data
    model = MMDistributedDataParallel(model, device_ids=None, **options)
    optimizer = torch.optim.SGD(model.parameters(), 0.)
    gradients = {}
    optimizer.register_step_pre_hook(lambda *_: gradients.update(
        {name: parameter.grad.clone() for name, parameter in model.module.named_parameters()}))
    images, samples = batch('resnet', size=4)
    mine = slice(2 * rank, 2 * rank + 2)
    for _ in range(2):  # DDP rebuilds its buckets after the first step
        model.train_step(dict(inputs=images[mine], data_samples=samples[mine]), OptimWrapper(optimizer))
    found.append(gradients)
torch.save(found, f'{folder}/{rank}.pth')
exit_if_distributed()
"""
CASES = [(frozen_norm_config(), {}), (frozen_norm_config(with_cp=True), dict(find_unused_parameters=True))]


@pytest.mark.parametrize('stack', STACKS)
def test_two_processes_give_the_gradients_of_one_process_on_the_whole_batch(stack, tmp_path):
    torch.save(CASES, tmp_path / 'cases.pth')
    path = [*stack_path(stack), TESTS]
    with ThreadPoolExecutor(2) as pool:
        for process in pool.map(lambda rank: run(tmp_path, '-c', WORKER, rank, tmp_path, path=path), range(2)):
            succeeded(process)
    relay = build('resnet', CASES[0][0])
    images, samples = batch('resnet', size=4)
    expected = by_definition('resnet', CASES[0][0], relay, images, samples)
    for rank in range(2):
        for found in torch.load(tmp_path / f'{rank}.pth'):
            assert_same(found, expected)


def test_accumulation_over_two_batches_equals_one_batch_of_both():
    config = frozen_norm_config()
    relay = build('resnet', config)
    relay.data_preprocessor.forward = lambda data, training: data
    images, samples = batch('resnet', size=4)
    expected = by_definition('resnet', config, relay, images, samples)
    steps = []
    optimizer = torch.optim.SGD(relay.parameters(), 0.1)
    optimizer.register_step_pre_hook(
        lambda *_: steps.append({name: parameter.grad.clone() for name, parameter in relay.named_parameters()})
    )
    wrapper = OptimWrapper(optimizer, accumulative_counts=2)
    wrapper.initialize_count_status(relay, 0, 2)
    for half in (slice(0, 2), slice(2, 4)):
        relay.train_step(dict(inputs=images[half], data_samples=samples[half]), wrapper)
    assert len(steps) == 1
    assert_same(steps[0], expected)


def test_under_autocast_gradients_equal_the_definition_up_to_rounding_of_bfloat16():
    """The forward pass is the same bit by bit; the gradients are added in another order."""
    config = frozen_norm_config()
    relay, plain = build('resnet', config).float(), build('resnet', config['model']).float()
    images, samples = batch('resnet')
    with torch.autocast('cpu', torch.bfloat16):
        losses = total(relay(images.float(), samples, mode='loss'))
        expected = by_definition('resnet', config, relay, images.float(), samples, plain)
    losses.backward()
    for name, parameter in relay.named_parameters():
        assert parameter.grad.dtype == torch.float32
        error = (parameter.grad - expected[name]).norm() / expected[name].norm()
        assert error < 2**-6, name  # two roundings to the eight bits of bfloat16


def trained(relay, steps=2):
    relay.data_preprocessor.forward = lambda data, training: data
    wrapper = OptimWrapper(torch.optim.SGD(relay.parameters(), 0.01))
    for seed in range(steps):
        images, samples = batch('resnet', seed=seed)
        relay.train_step(dict(inputs=images, data_samples=samples), wrapper)
    del relay.data_preprocessor.forward
    return relay


@pytest.mark.parametrize(
    'copied', [copy.deepcopy, lambda relay: pickle.loads(pickle.dumps(relay))], ids=['deepcopy', 'pickle']
)
def test_a_copy_is_independent_and_trains_exactly(copied):
    original = trained(build('resnet', CONFIG))
    other = copied(original)
    assert type(other) is type(original)
    for model in (original, other):
        assert_without_hooks(model)
    weights = copy.deepcopy(original.state_dict())
    trained(other)
    assert all(torch.equal(value, weights[name]) for name, value in original.state_dict().items())
    assert_exact(other)
    assert_exact(original)


def test_a_copy_made_between_forward_and_backward_pass_is_independent():
    original = build('resnet', CONFIG)
    losses = original(*batch('resnet'), mode='loss')
    other = copy.deepcopy(original)
    total(losses).backward()
    assert_without_hooks(other)
    assert_exact(other)
    assert_exact(original)


def test_a_moving_average_of_the_weights_is_exact_and_predicts_as_the_plain_model():
    relay = build('resnet', CONFIG)
    start = copy.deepcopy(relay.state_dict())
    average = ExponentialMovingAverage(relay, momentum=0.25)
    average.update_parameters(relay)  # the first update copies the weights
    trained(relay)
    average.update_parameters(relay)
    assert_without_hooks(average)
    assert dict(average.module.named_parameters()).keys() == dict(relay.named_parameters()).keys()
    for name, parameter in relay.named_parameters():
        expected = 0.75 * start[name] + 0.25 * parameter
        torch.testing.assert_close(average.module.state_dict()[name], expected, rtol=1e-12, atol=1e-15)
    images, _ = batch('resnet')
    plain = build('resnet', CONFIG['model']).eval()
    plain.load_state_dict(average.module.state_dict(), strict=False)
    with torch.no_grad():
        assert torch.equal(average.module.eval()(images)[0], plain(images)[0])
    assert_exact(relay)


def fail(*_):
    raise ZeroDivisionError


def fail_in_the_backward_pass(module, args, output):
    output.register_hook(fail)


@pytest.mark.parametrize(
    'where, path, hook',
    [
        ('in the backbone', 'backbone.layer4.1', fail),
        ('in an auxiliary head', 'auxiliaries.1.fc', fail),
        ('in the backward pass', 'backbone.layer4.1.conv1', fail_in_the_backward_pass),
        ('in the nested backward pass to a gate', 'backbone.layer3.2.bn1', fail_in_the_backward_pass),
    ],
)
def test_a_failing_step_leaves_nothing_behind_and_the_next_one_is_exact(where, path, hook):
    relay = build('resnet', CONFIG)
    attributes = {name: set(module.__dict__) for name, module in relay.named_modules()}
    checkpoint = torch.utils.checkpoint.checkpoint
    handle = relay.get_submodule(path).register_forward_hook(hook)
    with pytest.raises(ZeroDivisionError):
        gradients_of(relay, *batch('resnet'))
    handle.remove()
    assert_without_hooks(relay)
    assert {name: set(module.__dict__) for name, module in relay.named_modules()} == attributes
    assert torch.utils.checkpoint.checkpoint is checkpoint
    assert_exact(relay)
