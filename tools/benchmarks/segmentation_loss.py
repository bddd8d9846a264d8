"""Time losses of enlarged scores, and whole training steps, with and without the enlarged scores.

A step is a forward and a backward pass. All contenders take turns in one process, and their median times are compared;
with one thread on a CPU it is CPU time, which other processes disturb least. Memory is the peak that a step allocates.
Prints a table for each case and writes the results as JSON to --out after each case.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from measuring import extra_memory, parse_timing_args, show, take_turns, write_results  # beside this file
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from PIL import Image
from torch import Tensor

from mmgb.analysis.benchmark_tables import segmentation_loss_table
from mmgb.functional import exp_gb_loss, loss_in_strips, pow3_gb_loss, upsampled_loss
from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.formula import Formula
from mmgb.functional.losses.pow3_gb import Pow3GB

IGNORE, SIZE = 255, 512
CASES = [(2, 150, 64), (2, 150, 128), (2, 21, 64)]  # images, classes, height and width of the scores
NETWORKS = {
    'FCN-R50-d8': 'fcn_r50-d8.py',
    'DeepLabV3+': 'deeplabv3plus_r50-d8.py',
    'SegFormer-b0': 'segformer_mit-b0.py',
}
CROSS_ENTROPY, POW3 = dict(type='CrossEntropyLoss', avg_non_ignore=True), dict(type='mmgb.Pow3GBLoss')
STOCK = 'resize + cross-entropy'
TRAINED = {  # loss of the heads, and whether they are wrapped
    STOCK: (CROSS_ENTROPY, False),
    'resize + pow3-GB': (POW3, False),
    'cross-entropy in strips': (CROSS_ENTROPY, True),
    'pow3-GB, full resolution': (POW3, True),
    'matched pow3-GB, full resolution': (dict(POW3, matched=True), True),
}


def losses(labels: Tensor, size: tuple[int, int], classes: int) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return the contenders by name, functions of the scores."""
    valid = (labels != IGNORE).sum()
    pow3, exp = Pow3GB(0.001, 0.4, (0.0, 10.0)), ExpGB(0.1, (0.0, 16.0))
    matched_pow3, matched_exp = Pow3GB(0.001, 0.0, (0.0, 10.0)).matched(classes), exp.matched(classes)

    def enlarged(loss: Callable) -> Callable[[Tensor], Tensor]:
        return lambda scores: loss(F.interpolate(scores, size, mode='bilinear'), labels, ignore_index=IGNORE)

    def full_resolution(formula: Formula) -> Callable[[Tensor], Tensor]:
        return lambda scores: upsampled_loss(scores, labels, formula, ignore_index=IGNORE)

    def strip(part: Tensor, rows: slice) -> Tensor:
        return F.cross_entropy(part, labels[:, rows], ignore_index=IGNORE, reduction='sum') / valid

    return {
        STOCK: enlarged(F.cross_entropy),
        'torch.compile of it': torch.compile(enlarged(F.cross_entropy), dynamic=False),
        'resize + pow3-GB': enlarged(pow3_gb_loss),
        'resize + exp-GB': enlarged(exp_gb_loss),
        'cross-entropy in strips': lambda scores: loss_in_strips(scores, size, strip),
        'pow3-GB, full resolution': full_resolution(pow3),
        'exp-GB, full resolution': full_resolution(exp),
        'matched pow3-GB, full resolution': full_resolution(matched_pow3),
        'matched exp-GB, full resolution': full_resolution(matched_exp),
    }


def measure(
    steps: dict[str, Callable[[], object]], device: str, seconds: float, after: Callable[[], object]
) -> dict[str, dict | None]:
    """Return time and memory of each step; None for a step that doesn't run here, for instance without a compiler."""
    memory = {}
    for name, step in steps.items():
        show(f'warming up: {name}')
        try:
            step()
        except Exception as error:  # torch.compile raises whatever its backends raise
            if not name.startswith('torch.compile'):
                raise
            print(f'{name} does not run here: {type(error).__name__}', file=sys.stderr)
            continue
        after()
        memory[name] = extra_memory(step, device)
        after()
    clock = time.process_time if device == 'cpu' and torch.get_num_threads() == 1 else time.perf_counter
    timings = take_turns({name: steps[name] for name in memory}, seconds, 2, after, device, clock)
    return {name: timings[name]._asdict() | dict(peak_bytes=memory[name]) if name in memory else None for name in steps}


def loss_case(
    images: int, classes: int, cells: int, labels: Tensor | None, names: list[str], device: str, seconds: float
) -> dict:
    """Measure the losses of random scores, with random labels of which 5 % are ignored, or with given ones."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(images, classes, cells, cells, generator=generator).to(device).requires_grad_()
    kind = 'label maps'
    if labels is None:
        kind = 'random labels'
        labels = torch.randint(classes, (images, SIZE, SIZE), generator=generator)
        labels[:, :, : SIZE // 20] = IGNORE
    labels = labels[:images].to(device)

    def step(loss: Callable[[Tensor], Tensor]) -> Callable[[], None]:
        return lambda: loss(scores).backward()

    def forget_gradient() -> None:
        scores.grad = None

    torch._dynamo.reset()
    steps = {name: step(loss) for name, loss in losses(labels, (SIZE, SIZE), classes).items() if name in names}
    return dict(
        title=f'{device}, loss of {(images, classes, cells, cells)} enlarged to {SIZE} x {SIZE}, {kind}',
        contenders=measure(steps, device, seconds, forget_gradient),
    )


def network(file: str, classes: int, loss: dict, wrapped: bool) -> torch.nn.Module:
    """Build a model of mmseg with a loss in all heads and with batch norm of one process."""
    configs = Path(importlib.util.find_spec('mmseg').origin).parent / '.mim/configs/_base_/models'
    text = (configs / file).read_text(encoding='utf-8').replace('SyncBN', 'BN')
    model = Config.fromstring(text, '.py').model
    model.pretrained = None
    for name in ('decode_head', 'auxiliary_head'):
        head = model.get(name)
        if head is not None:
            head.update(num_classes=classes, loss_decode=dict(loss, loss_weight=head.loss_decode.loss_weight))
            if wrapped:
                head.update(type='mmgb.FullResolutionLoss', head=head.type)
    torch.manual_seed(0)
    return MODELS.build(model).train()


def random_batch(classes: int, images: int, size: int, device: str = 'cpu') -> tuple[Tensor, list[SegDataSample]]:
    """Return random images (N, 3, size, size) and their samples with random labels."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(images, 3, size, size, generator=generator).to(device)
    labels = torch.randint(classes, (images, 1, size, size), generator=generator).to(device)
    meta = dict(img_shape=(size, size))
    return inputs, [SegDataSample(gt_sem_seg=PixelData(data=label), metainfo=meta) for label in labels]


def network_case(
    name: str, classes: int, images: int, size: int, names: list[str], device: str, seconds: float
) -> dict:
    """Measure training steps of a network on random images."""
    inputs, samples = random_batch(classes, images, size, device)
    models = {
        contender: network(NETWORKS[name], classes, *settings)
        for contender, settings in TRAINED.items()
        if contender in names
    }

    def step(model: torch.nn.Module) -> Callable[[], None]:
        return lambda: model.parse_losses(model.loss(inputs, samples))[0].backward()

    def forget_gradients() -> None:
        for model in models.values():
            model.zero_grad()

    steps = {contender: step(model.to(device)) for contender, model in models.items()}
    return dict(
        title=f'{device}, training step of {name}, {classes} classes, {images} images of {size} x {size}',
        contenders=measure(steps, device, seconds, forget_gradients),
    )


def read_labels(folder: Path, images: int) -> Tensor:
    """Read the first label maps of a folder, cropped or padded with ignored labels to the size of the images."""
    maps = torch.full((images, SIZE, SIZE), IGNORE)
    for label, path in zip(maps, sorted(folder.glob('*.png'))):
        found = torch.from_numpy(np.array(Image.open(path))).long()[:SIZE, :SIZE]
        label[: found.shape[0], : found.shape[1]] = found
    return maps


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--labels', type=Path, help='folder of PNG label maps for one more case with 21 classes')
    parser.add_argument(
        '--networks', nargs='*', choices=NETWORKS, default=list(NETWORKS), help='networks to train (default: all)'
    )
    parser.add_argument('--classes', type=int, nargs='*', default=[21, 150], help='numbers of classes of the networks')
    parser.add_argument('--images', type=int, default=2, help='images per training step (default: %(default)s)')
    parser.add_argument('--size', type=int, default=SIZE, help='height and width of the images (default: %(default)s)')
    parser.add_argument('--skip-losses', action='store_true', help='measure the training steps only')
    names = list(losses(torch.zeros(0), (1, 1), 2))
    parser.add_argument(
        '--contenders', nargs='*', choices=names, default=names, help=f'contenders beside {STOCK!r} (default: all)'
    )
    parser.add_argument('--append', action='store_true', help='keep the other cases that --out contains')


def main():
    args = parse_timing_args(__doc__, 60, 'docs/results/segmentation_loss_benchmark.json', add_options)
    warnings.filterwarnings('ignore', module='torch')
    logging.getLogger('torch.profiler').setLevel(logging.ERROR)
    init_default_scope('mmseg')
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    cases = [] if args.skip_losses else [(loss_case, (*case, None)) for case in CASES]
    if args.labels is not None and not args.skip_losses:
        maps = read_labels(args.labels, 2)
        cases += [(loss_case, (2, classes, 64, maps)) for classes in (21, 150)]
    cases += [
        (network_case, (name, classes, args.images, args.size)) for name in args.networks for classes in args.classes
    ]
    names = [STOCK, *args.contenders]
    results = json.loads(args.out.read_text(encoding='utf-8'))['results'] if args.append and args.out.exists() else []
    for measured, settings in cases:
        case = measured(*settings, names, device, args.seconds)
        print(segmentation_loss_table(dict(results=[case])), flush=True)
        results = [other for other in results if other['title'] != case['title']] + [case]
        write_results(args.out, results)


if __name__ == '__main__':
    main()
