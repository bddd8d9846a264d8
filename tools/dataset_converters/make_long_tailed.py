"""Make the training set of an .npz long-tailed: class c keeps n * ratio**(-c / (C - 1)) images, drawn with a seed.

This is the exponential profile of Cui et al., "Class-Balanced Loss Based on Effective Number of Samples" (CVPR 2019),
Section 5.1: the first class keeps n images and the last one n / ratio, where n is the size of the smallest class. For
CIFAR-10 and a ratio of 100 the classes keep 5000, 2997, 1796, 1077, 645, 387, 232, 139, 83 and 50 images. The test set
and all other arrays are copied unchanged.

    python tools/dataset_converters/make_long_tailed.py data/cifar10.npz data/cifar10_lt100.npz
"""

import argparse
from pathlib import Path

import numpy as np

from mmgb.datasets.array_files import read_npz
from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.file_errors import os_errors_as_config_errors
from mmgb.utils.cli.run_tool import run_tool


def long_tailed_counts(largest: int, num_classes: int, ratio: float) -> np.ndarray:
    """Return the number of images of each class, (C,): from ``largest`` to ``largest / ratio``, rounded down."""
    exponent = np.arange(num_classes) / max(1, num_classes - 1)
    # The addend keeps a rounding error from lowering the last class's exact quotient.
    return np.floor(largest * ratio**-exponent + 1e-9).astype(int)


def draw_long_tail(labels: np.ndarray, ratio: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a long-tailed subset of samples with ``labels``, (N,), 0 to C - 1.

    Returns:
        The sorted positions of the drawn samples, and the number of samples of each class, (C,).
    """
    available = np.bincount(labels)
    counts = long_tailed_counts(available.min(), len(available), ratio)
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(np.flatnonzero(labels == label))[:count] for label, count in enumerate(counts)]
    return np.sort(np.concatenate(drawn)), counts


def run(args: argparse.Namespace) -> None:
    if not args.ratio >= 1:
        raise ConfigError(f'--ratio={args.ratio:g}: expected at least 1')
    if args.seed < 0:
        raise ConfigError(f'--seed={args.seed}: expected at least 0')
    if args.out.suffix != '.npz':
        raise ConfigError(f'OUT={args.out}: expected a name that ends with .npz')
    if args.out.resolve() == args.source.resolve():
        raise ConfigError(f'OUT={args.out}: expected another file than IN')
    arrays = read_npz(args.source, ('x_train', 'y_train'), optional=None)
    labels = arrays['y_train'].reshape(-1)
    if labels.dtype.kind not in 'iu' or len(labels) != len(arrays['x_train']) or not len(labels) or labels.min() < 0:
        raise ConfigError(
            f'IN={args.source}: expected in y_train a class index for each of the {len(arrays["x_train"])} images, '
            f'got {labels.dtype} of shape {arrays["y_train"].shape}'
        )
    if labels.max() >= len(labels):
        raise ConfigError(
            f'IN={args.source}: expected images of every class, got {len(labels)} and label {labels.max()}'
        )
    empty = np.flatnonzero(np.bincount(labels) == 0)
    if len(empty):
        raise ConfigError(f'IN={args.source}: expected images of every class, got none of class {empty[0]}')
    chosen, counts = draw_long_tail(labels, args.ratio, args.seed)
    if counts.min() == 0:
        raise ConfigError(
            f'--ratio={args.ratio:g}: expected at most {counts[0]}, the size of the smallest class, because class '
            f'{counts.argmin()} would keep no image'
        )
    arrays.update(x_train=arrays['x_train'][chosen], y_train=arrays['y_train'][chosen])
    with atomic_write(args.out, 'wb') as file:
        np.savez(file, **arrays)
    print(f'Wrote {len(chosen)} of {len(labels)} training images to {args.out}: {", ".join(map(str, counts))}.')


def main() -> None:
    parser = argparse.ArgumentParser(description='Make the training set of an .npz long-tailed')
    parser.add_argument('source', type=Path, metavar='IN', help='.npz file with x_train and y_train')
    parser.add_argument('out', type=Path, metavar='OUT', help='.npz file to write')
    parser.add_argument(
        '--ratio',
        type=float,
        default=100.0,
        help='images of the first class divided by images of the last class; default: 100',
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the draw; default: 0')
    args = parser.parse_args()
    with os_errors_as_config_errors():
        run(args)


if __name__ == '__main__':
    run_tool(main)
