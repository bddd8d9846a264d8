"""Time PixelNet's head with the literal hypercolumn and with the factorised first layer.

Both take turns in one process, on sampled pixels (a training step of the head, forward and backward) and on every pixel
(prediction). The table reports medians; with one thread on a CPU it is CPU time. Memory is the peak that a step
allocates. The numbers are written to the JSON file --out.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable

import torch
from measuring import extra_memory, parse_timing_args, show, take_turns, write_results  # beside this file
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from torch import Tensor

from mmgb.analysis.benchmark_tables import hypercolumn_table
from mmgb.models.heads.pixelnet_head import PixelNetHead

CHANNELS, HIDDEN, STRIDES = (64, 128, 256, 512, 512, 4096), 4096, (1, 2, 4, 8, 16, 32)  # of PixelNet's paper


def heads(divisor: int) -> dict[str, PixelNetHead]:
    """Build the head both ways with equal weights, its widths divided by a number."""
    torch.manual_seed(0)
    settings = dict(
        in_channels=[channels // divisor for channels in CHANNELS],
        channels=HIDDEN // divisor,
        num_classes=21,
        padding=0,
        loss_decode=dict(type='CrossEntropyLoss', avg_non_ignore=True),
    )
    found = {
        'literal': PixelNetHead(**settings, factorised=False),
        'factorised': PixelNetHead(**settings, factorised=True),
    }
    found['factorised'].load_state_dict(found['literal'].state_dict())
    return found


def measure(steps: dict[str, Callable[[], object]], seconds: float, device: str) -> dict[str, dict]:
    memory = {}
    for name, step in steps.items():
        show(f'warming up: {name}')
        step()
        memory[name] = extra_memory(step, device)
    clock = time.process_time if device == 'cpu' and torch.get_num_threads() == 1 else time.perf_counter
    timings = take_turns(steps, seconds, 2, lambda: None, device, clock)
    return {name: timing._asdict() | dict(peak_bytes=memory[name]) for name, timing in timings.items()}


def sampled(head: PixelNetHead, features: list[Tensor], samples: list[SegDataSample]) -> Callable[[], None]:
    return lambda: head.train().loss(features, samples, None)['loss_ce'].backward()


def dense(head: PixelNetHead, features: list[Tensor]) -> Callable[[], Tensor]:
    return torch.no_grad()(lambda: head.eval()(features))


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--divisor', type=int, default=4, help="divisor of the paper's widths (default: %(default)s)")
    parser.add_argument('--images', type=int, default=5, help='images per training step (default: %(default)s)')
    parser.add_argument('--size', type=int, default=224, help='height and width of the images (default: %(default)s)')


def main():
    args = parse_timing_args(__doc__, 60, 'docs/results/hypercolumn_benchmark.json', add_options)
    logging.getLogger('torch.profiler').setLevel(logging.ERROR)
    init_default_scope('mmseg')
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    size = args.size
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(21, (args.images, 1, size, size), generator=generator).to(device)
    samples = [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]
    features = [
        torch.randn(args.images, channels // args.divisor, -(-size // stride), -(-size // stride), generator=generator)
        .to(device)
        .requires_grad_()
        for channels, stride in zip(CHANNELS, STRIDES)
    ]
    built = {name: head.to(device) for name, head in heads(args.divisor).items()}
    first = [feature[:1] for feature in features]
    widths = f'widths of the paper / {args.divisor}'
    cases = {
        f'{device}, 2000 sampled pixels of {args.images} images, forward and backward, {widths}': {
            name: sampled(head, features, samples) for name, head in built.items()
        },
        f'{device}, all {size} x {size} pixels of an image, {widths}': {
            name: dense(head, first) for name, head in built.items()
        },
    }
    results = [dict(title=title, contenders=measure(steps, args.seconds, device)) for title, steps in cases.items()]
    print(hypercolumn_table(dict(results=results)))
    write_results(args.out, results)


if __name__ == '__main__':
    main()
