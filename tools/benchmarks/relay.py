"""Times a training step of relay back-propagation against plain multi-loss and standard back-propagation.

The three take turns in one process, and medians count. Beside them stands the bound: what relay needs more than
multi-loss is one more gradient with respect to the input of the layers in which the ranges overlap. Memory is the peak
of what a step allocates. The table is printed, and written as JSON with --out.
"""
import argparse
import json
import logging
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import torch
from measuring import Timing, environment, extra_memory, show, take_turns  # beside this file
from mmengine.registry import MODELS, init_default_scope
from mmpretrain.structures import DataSample
from torch import Tensor, nn

SIZE, BATCH = 128, 8
BASELINE = 'multi-loss'


class Case(NamedTuple):
    """A network with one auxiliary, and the layers in which the two ranges overlap, in their order."""
    config: dict
    overlap: list[str]


class ModelA(nn.Sequential):
    """The convolutions of model A of the relay paper (Table 2): 64x2, 128x2, 256x5, 512x5 and 256x5 with a pool after
    each stage but the last. The 28x28 stage of 512 channels (16x16 here) is the overlap."""

    def __init__(self) -> None:
        layers, channels = [], 3
        for width, depth, pool in ((64, 2, True), (128, 2, True), (256, 5, True), (512, 5, True), (256, 5, False)):
            stage = []
            for _ in range(depth):
                stage += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.Sequential(*stage, *([nn.MaxPool2d(2)] if pool else [])))
        super().__init__(*layers)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        return super().forward(images),


def resnet50() -> Case:
    head = dict(type='LinearClsHead', num_classes=1000, in_channels=2048, loss=dict(type='CrossEntropyLoss'))
    auxiliary = dict(source='backbone.layer3.3', head=dict(type='mmgb.AuxiliaryClsHead', num_classes=1000,
                                                           in_channels=1024))
    model = dict(type='ImageClassifier', backbone=dict(type='ResNet', depth=50),
                 neck=dict(type='GlobalAveragePooling'), head=head)
    return Case(dict(type='mmgb.RelayBP', model=model, auxiliaries=[auxiliary], primary_lowest='backbone.layer3.0'),
                [f'backbone.layer3.{i}' for i in range(4)])


def model_a() -> Case:
    head = dict(type='LinearClsHead', num_classes=401, in_channels=256, loss=dict(type='CrossEntropyLoss'))
    auxiliary = dict(source='backbone.3', head=dict(type='mmgb.AuxiliaryClsHead', num_classes=401, in_channels=512))
    model = dict(type='ImageClassifier', backbone=dict(type=ModelA), neck=dict(type='GlobalAveragePooling'), head=head)
    return Case(dict(type='mmgb.RelayBP', model=model, auxiliaries=[auxiliary], primary_lowest='backbone.3'),
                ['backbone.3'])


CASES = {'ResNet-50': resnet50, "model A's convolutions": model_a}


def contenders(case: Case) -> dict[str, nn.Module]:
    """The same network three times, of equal weights."""
    relay = MODELS.build(deepcopy(case.config)).train()
    multi_loss = MODELS.build(deepcopy(case.config) | dict(propagation='standard')).train()
    standard = MODELS.build(deepcopy(case.config['model'])).train()
    multi_loss.load_state_dict(relay.state_dict())
    standard.load_state_dict(relay.state_dict(), strict=False)
    return {'standard': standard, BASELINE: multi_loss, 'relay': relay}


def training_step(model: nn.Module, images: Tensor, samples: list[DataSample]) -> Callable[[], None]:
    """Forward and backward, without an update, as gradients of a zeroed model."""
    def step():
        model.zero_grad()
        loss, _ = model.parse_losses(model.loss(images, samples))
        loss.backward()

    return step


def input_gradient(model: nn.Module, overlap: list[str], images: Tensor) -> Callable[[], object]:
    """The bound: the gradient of the overlap's layers with respect to their input."""
    kept = []
    first, last = model.get_submodule(overlap[0]), model.get_submodule(overlap[-1])
    hooks = [first.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0])),
             last.register_forward_hook(lambda _, inputs, output: kept.append(output))]
    model.extract_feat(images)
    for hook in hooks:
        hook.remove()
    entering, leaving = kept
    gradient = torch.ones_like(leaving)
    return lambda: torch.autograd.grad(leaving, entering, gradient, retain_graph=True)


def measure(case: Case, device: str, seconds: float) -> tuple[dict[str, Timing], dict[str, int], Timing]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(BATCH, 3, SIZE, SIZE, generator=generator).to(device)
    classes = case.config['model']['head']['num_classes']
    samples = [DataSample().set_gt_label(int(label)).to(device)
               for label in torch.randint(classes, (BATCH,), generator=generator)]
    models = {name: model.to(device) for name, model in contenders(case).items()}
    steps = {name: training_step(model, images, samples) for name, model in models.items()}
    memory = {}
    for name, step in steps.items():
        show(f'warming up: {name}')
        step()
        models[name].zero_grad()
        memory[name] = extra_memory(step, device)
    steps['bound'] = input_gradient(models['standard'], case.overlap, images)
    timings = take_turns(steps, seconds, 5, lambda: None, device)
    return timings, memory, timings.pop('bound')


def table(name: str, timings: dict[str, Timing], memory: dict[str, int], bound: Timing) -> str:
    """Markdown."""
    base = timings[BASELINE].median_ms
    lines = [f'### {name}, {BATCH} images of {SIZE}x{SIZE}', '',
             '| | ms | / multi-loss | peak memory, MB | / multi-loss |', '|---|---|---|---|---|']
    for contender, timing in timings.items():
        lines.append(f'| {contender} | {timing.median_ms:.0f} | {timing.median_ms / base:.3f} '
                     f'| {memory[contender] / 1e6:.0f} | {memory[contender] / memory[BASELINE]:.3f} |')
    lines.append(f"| multi-loss + one input gradient of the overlap | {base + bound.median_ms:.0f} "
                 f'| {1 + bound.median_ms / base:.3f} | | |')
    return '\n'.join(lines) + '\n'


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=120,
                        help='time for each network, but at least 5 rounds (default: %(default)s)')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads(),
                        help='of the CPU (default: %(default)s)')
    parser.add_argument('--out', type=Path, default=Path('docs/results/relay_benchmark.json'),
                        help='default: %(default)s')
    args = parser.parse_args()
    if args.seconds <= 0 or args.threads < 1:
        parser.error('--seconds and --threads must be positive')
    return args


def main():
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    logging.getLogger('torch.profiler').setLevel(logging.ERROR)
    init_default_scope('mmpretrain')
    results = []
    for device in ['cpu'] + ['cuda'] * torch.cuda.is_available():
        for name, case in CASES.items():
            timings, memory, bound = measure(case(), device, args.seconds)
            costs = {contender: timing._asdict() | dict(peak_bytes=memory[contender])
                     for contender, timing in timings.items()}
            results.append(dict(device=device, network=name, images=BATCH, size=SIZE, contenders=costs,
                                bound=bound._asdict()))
            print(table(f'{device}, {name}', timings, memory, bound), flush=True)
    if not torch.cuda.is_available():
        print('CUDA: not measured, no GPU at hand')
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(dict(environment=environment(), results=results), indent=1) + '\n')
    print(f'Written: {args.out}')


if __name__ == '__main__':
    main()
