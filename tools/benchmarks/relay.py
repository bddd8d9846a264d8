"""Time a training step of Relay Backpropagation, of multi-loss and of standard backpropagation.

The three take turns in one process, and the table reports medians. It also reports the cost that relay adds to
multi-loss in theory: one more gradient with respect to the input of the layers where the ranges overlap. Memory is the
peak that a step allocates. The table is printed, and its numbers are written to the JSON file --out.
"""

import logging
from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple

import torch
from measuring import Timing, extra_memory, parse_timing_args, show, take_turns, write_results  # beside this file
from mmengine.registry import MODELS, init_default_scope
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmgb.analysis.benchmark_tables import relay_table

SIZE, BATCH = 128, 8
BASELINE = 'multi-loss'


class Case(NamedTuple):
    """A network with one auxiliary loss, and the layers where the two ranges overlap, from low to high."""

    config: dict
    overlap: list[str]


def resnet50() -> Case:
    head = dict(type='LinearClsHead', num_classes=1000, in_channels=2048, loss=dict(type='CrossEntropyLoss'))
    auxiliary = dict(
        source='backbone.layer3.3', head=dict(type='mmgb.AuxiliaryClsHead', num_classes=1000, in_channels=1024)
    )
    model = dict(
        type='ImageClassifier',
        backbone=dict(type='ResNet', depth=50),
        neck=dict(type='GlobalAveragePooling'),
        head=head,
    )
    return Case(
        dict(type='mmgb.RelayBP', model=model, auxiliaries=[auxiliary], primary_lowest='backbone.layer3.0'),
        [f'backbone.layer3.{i}' for i in range(4)],
    )


def model_a() -> Case:
    """Return the convolutions of model A; its spatial pyramid pooling would need images of 224x224.

    The overlap is the stage with feature maps of 28x28, which are 16x16 here.
    """
    head = dict(type='LinearClsHead', num_classes=401, in_channels=256, loss=dict(type='CrossEntropyLoss'))
    stage = 'backbone.stages.3'
    auxiliary = dict(source=stage, head=dict(type='mmgb.AuxiliaryClsHead', num_classes=401, in_channels=512))
    model = dict(
        type='ImageClassifier', backbone=dict(type='mmgb.Places2VGG'), neck=dict(type='GlobalAveragePooling'), head=head
    )
    return Case(dict(type='mmgb.RelayBP', model=model, auxiliaries=[auxiliary], primary_lowest=stage), [stage])


CASES = {'ResNet-50': resnet50, "model A's convolutions": model_a}


def contenders(case: Case) -> dict[str, nn.Module]:
    """Build the network of each method, with equal weights."""
    relay = MODELS.build(deepcopy(case.config)).train()
    multi_loss = MODELS.build(deepcopy(case.config) | dict(propagation='standard')).train()
    standard = MODELS.build(deepcopy(case.config['model'])).train()
    multi_loss.load_state_dict(relay.state_dict())
    standard.load_state_dict(relay.state_dict(), strict=False)
    return {'standard': standard, BASELINE: multi_loss, 'relay': relay}


def training_step(model: nn.Module, images: Tensor, samples: list[DataSample]) -> Callable[[], None]:
    """Return a function that zeroes the gradients and runs a forward and a backward pass, without an update."""

    def step():
        model.zero_grad()
        loss, _ = model.parse_losses(model.loss(images, samples))
        loss.backward()

    return step


def input_gradient(model: nn.Module, overlap: list[str], images: Tensor) -> Callable[[], object]:
    """Return a function that computes the gradient of the overlapping layers with respect to their input."""
    kept = []
    first, last = model.get_submodule(overlap[0]), model.get_submodule(overlap[-1])
    hooks = [
        first.register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0])),
        last.register_forward_hook(lambda _, inputs, output: kept.append(output)),
    ]
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
    samples = [
        DataSample().set_gt_label(int(label)).to(device)
        for label in torch.randint(classes, (BATCH,), generator=generator)
    ]
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


def main():
    args = parse_timing_args(__doc__, 120, 'docs/results/relay_benchmark.json')
    torch.manual_seed(0)
    logging.getLogger('torch.profiler').setLevel(logging.ERROR)
    init_default_scope('mmpretrain')
    results = []
    for device in ['cpu'] + ['cuda'] * torch.cuda.is_available():
        for name, case in CASES.items():
            timings, memory, bound = measure(case(), device, args.seconds)
            costs = {
                contender: timing._asdict() | dict(peak_bytes=memory[contender])
                for contender, timing in timings.items()
            }
            results.append(
                dict(device=device, network=name, images=BATCH, size=SIZE, contenders=costs, bound=bound._asdict())
            )
            print(relay_table(results[-1]), flush=True)
    if not torch.cuda.is_available():
        print('CUDA was not measured: no GPU is available')
    write_results(args.out, results)


if __name__ == '__main__':
    main()
