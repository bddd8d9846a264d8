"""Measured steps: losses, gradient norms and update ratios of a plain loop in torch, with and without micro-batches."""

import pytest
import torch
from helpers.gradient_runs import CpuAmp
from mmengine.dataset import DefaultSampler
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from mmgb.functional.errors import ConfigError
from mmgb.recipes.measured_steps import MeasuredSteps, StepsDone, split

RATE, CLIP, WARM_UP, BATCH = 0.2, 0.3, 4, 6


class Net(BaseModel):
    """A linear layer with squared error."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(5, 3)
        self.unused = nn.Parameter(torch.zeros(2, 2))  # its weights have norm 0

    def forward(self, inputs, labels, mode):
        return dict(loss=((self.layer(inputs) - labels) ** 2).sum(1).mean() + 0 * self.unused.sum(), accuracy=inputs[0])


def samples(count):
    generator = torch.Generator().manual_seed(1)
    return [(torch.randn(5, generator=generator), torch.randn(3, generator=generator)) for _ in range(count)]


def collate(batch):
    return dict(inputs=torch.stack([x for x, _ in batch]), labels=torch.stack([y for _, y in batch]))


def measure(tmp_path, steps, parts, count=60, rate=RATE, own_counts=1, wrapper=None):
    data, net = samples(count), Net()
    if wrapper is not None:
        wrapper = wrapper(optimizer=torch.optim.SGD(net.parameters(), lr=rate))
    sampler = DefaultSampler(data, shuffle=False)
    hook = MeasuredSteps(steps, parts)
    runner = Runner(
        model=net,
        work_dir=str(tmp_path),
        train_dataloader=DataLoader(data, batch_size=BATCH, sampler=sampler, collate_fn=collate),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=wrapper
        or dict(
            optimizer=dict(type='SGD', lr=rate, momentum=0.9),
            clip_grad=dict(max_norm=CLIP),
            accumulative_counts=parts * own_counts,
        ),
        param_scheduler=dict(type='LinearLR', start_factor=0.25, by_epoch=False, begin=0, end=WARM_UP),
        default_hooks=dict(checkpoint=None, logger=None),
        experiment_name=str(tmp_path),
        log_level='ERROR',
    )
    runner.register_hook(hook)
    with pytest.raises(StepsDone):
        runner.train()
    return hook


def reference(steps, batch=BATCH):
    """Train the same by hand, and return losses, gradient norms and update ratios."""
    net, data, found = Net(), samples(60), ([], [], [])
    velocity = [torch.zeros_like(parameter) for parameter in net.parameters()]
    for step in range(steps):
        inputs, labels = collate(data[step * batch : (step + 1) * batch]).values()
        loss = net(inputs, labels, 'loss')['loss']
        gradients = torch.autograd.grad(loss, list(net.parameters()))
        norm = sum(float(gradient.square().sum()) for gradient in gradients) ** 0.5
        before = net.layer.weight.detach().clone()
        rate = RATE * min(1, 0.25 + 0.75 * step / (WARM_UP - 1))
        with torch.no_grad():
            for parameter, gradient, moment in zip(net.parameters(), gradients, velocity):
                moment.mul_(0.9).add_(gradient * min(1, CLIP / (norm + 1e-6)))
                parameter -= rate * moment
        found[0].append(loss.item())
        found[1].append(norm)
        found[2].append(float((net.layer.weight - before).norm() / before.norm()))
    return found


@pytest.mark.parametrize('parts', [1, 2, 3, 6])
def test_micro_batches_measure_what_a_plain_loop_does(tmp_path, parts):
    """Warm-up and clipping act once a batch, and gradients are measured before clipping."""
    hook = measure(tmp_path, 7, parts)
    losses, norms, ratios = reference(7)
    assert hook.losses == pytest.approx(losses, rel=1e-5)
    assert hook.gradient_norms == pytest.approx(norms, rel=1e-5) and max(norms) > CLIP
    assert hook.ratios['layer'] == pytest.approx(ratios, rel=1e-4)
    assert hook.ratios['unused'] == [] and len(hook.ratios) == 2
    assert len(hook.seconds) == 7 and min(hook.seconds) > 0
    assert not hook.diverged


def test_accumulation_of_the_config_itself_is_kept(tmp_path):
    hook = measure(tmp_path, 4, parts=2, own_counts=2)
    losses, norms, _ = reference(1, batch=2 * BATCH)
    assert hook.losses[0] == pytest.approx(losses[0], rel=1e-5)
    assert hook.gradient_norms[0] == pytest.approx(norms[0], rel=1e-5)
    assert len(hook.losses) == 4


def test_gradients_of_mixed_precision_are_measured_without_their_scale(tmp_path):
    scaled = measure(tmp_path, 1, parts=1, wrapper=CpuAmp)
    assert scaled.gradient_norms == pytest.approx(reference(1)[1], rel=0.02)  # of bfloat16


def test_a_diverging_training_ends_at_once(tmp_path):
    hook = measure(tmp_path, 10, parts=1, rate=1000.0)
    assert hook.diverged and 1 < len(hook.losses) < 10
    assert hook.losses[-1] > 100 * hook.losses[0] >= hook.losses[-2]


def test_split_keeps_order_and_samples():
    batch = dict(inputs=torch.arange(10).view(5, 2), data_samples=list('abcde'))
    parts = split(batch, 2)
    assert [part['data_samples'] for part in parts] == [['a', 'b'], ['c', 'd', 'e']]
    assert torch.equal(torch.cat([part['inputs'] for part in parts]), batch['inputs'])
    assert [len(part['data_samples']) for part in split(batch, 8)] == [1] * 5
    assert split((torch.zeros(4), [1, 2, 3, 4]), 2)[1][1] == [3, 4]
    with pytest.raises(ConfigError, match='batch=int'):
        split(dict(inputs=torch.zeros(2), scale=3), 2)
