"""Train a small network with GradientStatsHook in mmengine's Runner, and compute the same statistics by autograd."""

import contextlib
from pathlib import Path

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.runner import Runner
from torch import nn

from mmgb.models.losses import ExpGBLoss
from mmgb.utils.gradient_records import HISTOGRAM_FILE, parse_scalar_name
from mmgb.utils.work_dir import read_records

ALPHA, TARGETS = 0.1, (0.0, 16.0)
LAYERS = ('conv1', 'conv2', 'head.fc')


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(5 * 2 * 2, 3)
        self.loss_module = ExpGBLoss(alpha=ALPHA, targets=TARGETS)


class Net(BaseModel):
    """Two convolutions, an in-place ReLU after the first, a sigmoid after the second, and a linear head."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.relu = nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True)
        self.conv2, self.sigmoid = nn.Conv2d(4, 5, 3), nn.Sigmoid()
        self.head = Head()
        with torch.no_grad():
            self.conv1.bias[0] = -100.0  # dead on every image
            self.conv2.weight *= 12  # saturates some outputs

    def forward(self, inputs, labels, mode):
        hidden = self.sigmoid(self.conv2(self.relu(self.conv1(inputs))))
        return dict(loss=self.head.loss_module(self.head.fc(hidden.flatten(1)), labels))


class CpuAmp(AmpOptimWrapper):
    """AmpOptimWrapper with autocast and gradient scaler on the CPU; mmengine's own needs an accelerator."""

    def __init__(self, **settings):
        OptimWrapper.__init__(self, **settings)
        self.loss_scaler = torch.amp.GradScaler('cpu', init_scale=1024.0)
        self._scale_update_param = None

    @contextlib.contextmanager
    def optim_context(self, model):
        with OptimWrapper.optim_context(self, model), torch.autocast('cpu', torch.bfloat16):
            yield


def samples(count=8):
    generator = torch.Generator().manual_seed(1)
    return [(image, index % 3) for index, image in enumerate(torch.randn(count, 1, 6, 6, generator=generator))]


def collate(batch):
    return dict(inputs=torch.stack([image for image, _ in batch]), labels=torch.tensor([label for _, label in batch]))


def train(
    folder,
    model,
    wrapper=OptimWrapper,
    optimizer=None,
    batch_size=4,
    epochs=1,
    launcher='none',
    hooks=(),
    accumulative_counts=1,
    **settings,
):
    """Train with learning rate 0, so that the weights never change, and return the runner."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), 0.0)
    runner = Runner(
        model=model,
        work_dir=str(folder),
        experiment_name=Path(folder).name,
        default_scope='mmengine',
        train_dataloader=dict(
            dataset=samples(),
            batch_size=batch_size,
            collate_fn=collate,
            sampler=dict(type='DefaultSampler', shuffle=False),
        ),
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=epochs),
        optim_wrapper=wrapper(optimizer=optimizer, accumulative_counts=accumulative_counts),
        launcher=launcher,
        cfg=dict(model_wrapper_cfg=dict(type='MMDistributedDataParallel', device_ids=None)),
        default_hooks=dict(checkpoint=None),
        visualizer=dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')]),
        custom_hooks=[*hooks, dict(type='mmgb.GradientStatsHook', **{'interval': 1, **settings})],
    )
    runner.train()
    return runner


def written(folder):
    """Return the hook's output: {step: {'STATISTIC/PATH': value}}, and the records of the histogram file."""
    scalars = {}
    for record in read_records(folder, 'scalars.json'):
        statistics = {'/'.join(name): value for key, value in record.items() if (name := parse_scalar_name(key))}
        if statistics:
            scalars[record['step']] = statistics
    return scalars, list(read_records(folder, HISTOGRAM_FILE))


def by_autograd(model, batch, amp=False):
    """Return the expected scalars of an iteration on ``batch``, the deltas of its samples, its scores and labels."""
    inputs, labels = collate(batch).values()
    with torch.autocast('cpu', torch.bfloat16, enabled=amp):
        first = F.conv2d(inputs, model.conv1.weight, model.conv1.bias)
        active = F.relu(first)
        second = F.conv2d(active, model.conv2.weight, model.conv2.bias)
        hidden = torch.sigmoid(second)
        scores = F.linear(hidden.flatten(1), model.head.fc.weight, model.head.fc.bias)
        loss = model.head.loss_module(scores, labels)
    weights = [model.get_submodule(path).weight for path in LAYERS]
    gradients = torch.autograd.grad(loss, [first, second, scores, *weights])
    expected = {}
    for path, output, error, gradient, weight in zip(
        LAYERS, (first, second, scores), gradients, gradients[3:], weights
    ):
        expected[f'error_rms/{path}'] = error.double().square().mean().sqrt().item()
        expected[f'activation_variance/{path}'] = output.double().var(correction=0).item()
        expected[f'weight_grad_mean/{path}'] = gradient.double().abs().mean().item()
        expected[f'weight_grad_ratio/{path}'] = (gradient.double().abs().mean() / weight.double().abs().mean()).item()
    expected['dead_relu_share/relu'] = (active.amax((0, 2, 3)) == 0).double().mean().item()
    expected['saturated_share/sigmoid'] = ((hidden < 0.01) | (hidden > 0.99)).double().mean().item()
    normalisers = scores.double().exp().sum(1)
    expected['softmax_normaliser_sum/head.loss_module'] = normalisers.sum().item()
    expected['softmax_normaliser_mean/head.loss_module'] = normalisers.mean().item()
    return expected, gradients[2].float() * len(batch), scores.detach(), labels
