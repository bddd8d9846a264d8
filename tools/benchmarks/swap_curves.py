"""Train the first steps of FCN-R50 and SegFormer on images of VOC with each loss, and nothing else changed.

    python tools/benchmarks/swap_curves.py VOC2012 [--only segformer] [--steps 60]

VOC2012 is a folder in VOC's layout. The configs are those of mmsegmentation, with 21 classes, random weights, and the
config's learning rate from the first step on. Each step takes the same random crops with each loss. Two curves are
drawn for each network: the loss over that of the first step, and the accuracy of the decode head's pixels, which is
comparable between losses. The losses are written as JSON after each run; the same command continues an interrupted one.
"""

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import stock_swaps
import torch
from matplotlib.figure import Figure
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from PIL import Image

from mmgb.recipes.check import rounded
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.environment import environment
from mmgb.utils.save_figure import save_figure

CLASSES = 21
SETTINGS = {  # title: config, side of the crops in pixels, images of a batch
    'SegFormer-B0, AdamW': ('mmseg/segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py', 128, 2),
    'FCN-R50, SGD': ('mmseg/fcn/fcn_r50-d8_4xb4-20k_voc12aug-512x512.py', 32, 2),
}
SMOOTHED = 5  # steps of a running mean


def crops(folder, side, images, steps):
    """Yield batches of random crops of the training images."""
    names = (folder / 'ImageSets/Segmentation/train.txt').read_text(encoding='utf-8').split()
    rng = np.random.default_rng(0)
    for _ in range(steps):
        inputs, samples = [], []
        for name in rng.choice(names, images, replace=False):
            image = np.asarray(Image.open(folder / f'JPEGImages/{name}.jpg').convert('RGB'))[..., ::-1]
            labels = np.asarray(Image.open(folder / f'SegmentationClass/{name}.png'))
            top, left = (rng.integers(length - side + 1) for length in labels.shape)
            part = slice(top, top + side), slice(left, left + side)
            inputs.append(torch.from_numpy(image[part].transpose(2, 0, 1).copy()))
            sample = SegDataSample(gt_sem_seg=PixelData(data=torch.from_numpy(labels[part].copy()).long()[None]))
            sample.set_metainfo(dict(img_shape=(side, side), ori_shape=(side, side)))
            samples.append(sample)
        yield dict(inputs=inputs, data_samples=samples)


def train(config, method, side, batches):
    """Return the loss and the pixel accuracy in percent of each step."""
    cfg = stock_swaps.load(config, method, side)
    for head in ('decode_head', 'auxiliary_head'):
        if cfg.model.get(head):
            cfg.model[head].num_classes = CLASSES
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg.model)
        model.init_weights()
        optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    model.train()
    logs = [model.train_step(batch, optimizer) for batch in batches]
    return dict(
        loss=[rounded(float(log['loss'])) for log in logs],
        accuracy=[rounded(float(log['decode.acc_seg'])) for log in logs],
    )


def draw(results):
    """Return the figure: a row of two diagrams for each network."""
    figure = Figure(figsize=(9, 3.6 * len(results)), dpi=110, layout='constrained')
    rows = figure.subplots(len(results), 2, squeeze=False)
    for (title, runs), (losses, accuracies) in zip(results.items(), rows):
        for method, run in runs.items():
            losses.plot(smooth(np.array(run['loss']) / run['loss'][0]), label=method)
            accuracies.plot(smooth(np.array(run['accuracy'])), label=method)
        losses.set(title=title, xlabel='step', ylabel='loss / loss of the first step')
        accuracies.set(title=title, xlabel='step', ylabel='right pixels of the batch, %')
        for axes in (losses, accuracies):
            axes.grid(alpha=0.3)
            axes.legend()
    return figure


def smooth(values):
    return np.convolve(values, np.full(SMOOTHED, 1 / SMOOTHED), 'valid')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', type=Path, metavar='VOC2012', help='folder in the layout of VOC 2012')
    parser.add_argument('--only', default='', help='part of the titles of the networks (default: all)')
    parser.add_argument('--steps', type=int, default=60, help='training steps (default: %(default)s)')
    parser.add_argument(
        '--out', type=Path, default=Path('docs/results/swap_curves'), help='folder (default: %(default)s)'
    )
    args = parser.parse_args()
    logging.disable(logging.WARNING)  # one line for each initialised parameter
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / 'swap_curves.json'
    content = (
        json.loads(path.read_text(encoding='utf-8')) if path.exists() else dict(environment=environment(), results={})
    )
    for title, (config, side, images) in SETTINGS.items():
        if args.only.lower() not in title.lower():
            continue
        runs = content['results'].setdefault(title, {})
        for method in stock_swaps.METHODS:
            if method not in runs:
                runs[method] = train(config, method, side, crops(args.data, side, images, args.steps))
                with atomic_write(path) as file:
                    file.write(json.dumps(content) + '\n')
                print(f'{title}, {method}: {runs[method]["loss"][-1]}', flush=True)
    save_figure(draw(content['results']), args.out / 'swap_curves')


if __name__ == '__main__':
    main()
