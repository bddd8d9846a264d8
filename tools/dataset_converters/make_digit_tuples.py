"""Make images of several MNIST digits side by side, with one class per sequence of digits: 10**N classes.

Each digit is halved: a pixel is the mean of 2x2, rounded. The class is the number that the digits spell, so that
"0 4 2" is class 42 of 1,000. Two digits make 14x28 pixels and 100 classes, three 14x42 pixels and 1,000 classes.

    python tools/dataset_converters/make_digit_tuples.py data/mnist data/digit_tuples/threes.npz --digits 3

IN holds the four IDX files of MNIST under their usual names, optionally without gzip compression and then without .gz.
OUT is an .npz file for ``mmgb.ArrayDataset`` with three splits: ``x_train`` and ``y_train`` of the first five sixths of
MNIST's training digits, ``x_val`` and ``y_val`` of the last sixth, for the choice of settings, and ``x_test`` and
``y_test`` of its test digits. ``classes`` has the classes' names. Digits are drawn independently with replacement. The
same arguments make the same file, and the number of images of one split does not change another split.
"""

import argparse
from pathlib import Path

import numpy as np

from mmgb.datasets.array_files import read_idx
from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.file_errors import os_errors_as_config_errors
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.progress import Progress

SPLITS = ('train', 'val', 'test')
MAX_DIGITS = 6  # a million names of classes
BLOCK = 4096  # images made at once


def halve(images: np.ndarray) -> np.ndarray:
    """Return (N, H/2, W/2) uint8 means of 2x2 pixels, halves rounded up, of (N, H, W) uint8 images."""
    count, height, width = images.shape
    blocks = images.reshape(count, height // 2, 2, width // 2, 2)
    return ((blocks.sum((2, 4), dtype=np.uint16) + 2) // 4).astype(np.uint8)


def join(digits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put digits side by side.

    Args:
        digits (np.ndarray): (M, N, H, W) images of N digits for each of M results.
        labels (np.ndarray): (M, N) their classes, 0 to 9.

    Returns:
        Images (M, H, N * W), and int64 classes (M,): the decimal number of each row of labels.
    """
    count, length, height, width = digits.shape
    images = digits.transpose(0, 2, 1, 3).reshape(count, height, length * width)
    return images, labels.astype(np.int64) @ 10 ** np.arange(length - 1, -1, -1)


def read_digits(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Read one part of MNIST, 'train' or 't10k': halved images (N, H/2, W/2) and labels (N,).

    Raises:
        ConfigError: if a file is missing, damaged or not of digits.
    """
    compressed = [folder / f'{part}-{kind}-ubyte.gz' for kind in ('images-idx3', 'labels-idx1')]
    plain = [path.with_suffix('') for path in compressed]
    images, labels = (read_idx(path) for path in (plain if all(map(Path.exists, plain)) else compressed))
    if images.ndim != 3 or images.dtype != np.uint8 or not images.size or images.shape[1] % 2 or images.shape[2] % 2:
        raise ConfigError(
            f'IN={folder}: expected in {part}-images uint8 images of even height and width, got {images.dtype} of '
            f'shape {images.shape}'
        )
    if labels.shape != images.shape[:1] or labels.dtype.kind not in 'iu' or labels.min() < 0 or labels.max() > 9:
        raise ConfigError(
            f'IN={folder}: expected in {part}-labels a digit from 0 to 9 for each of the {len(images)} images, got '
            f'{labels.dtype} of shape {labels.shape} with values from {labels.min(initial=0)} to '
            f'{labels.max(initial=0)}'
        )
    return halve(images), labels


def split_digits(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the disjoint images and labels of the digits from which each split is made."""
    images, labels = read_digits(folder, 'train')
    if len(images) < 6:
        raise ConfigError(f'IN={folder}: expected at least 6 training digits, got {len(images)}')
    kept = len(images) - len(images) // 6
    return dict(
        train=(images[:kept], labels[:kept]), val=(images[kept:], labels[kept:]), test=read_digits(folder, 't10k')
    )


def make_split(
    images: np.ndarray, labels: np.ndarray, length: int, count: int, rng: np.random.Generator, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Draw ``count`` sequences of ``length`` digits, and return their images and classes."""
    drawn = rng.integers(len(labels), size=(count, length))
    parts = []
    for begin in range(0, count, BLOCK):
        rows = drawn[begin : begin + BLOCK]
        parts.append(join(images[rows], labels[rows]))
        progress.update(len(rows))
    return np.concatenate([part for part, _ in parts]), np.concatenate([part for _, part in parts])


def run(args: argparse.Namespace) -> None:
    for name in ('digits', *SPLITS, 'seed'):
        lowest = 0 if name == 'seed' else 1
        if getattr(args, name) < lowest:
            raise ConfigError(f'--{name}={getattr(args, name)}: expected at least {lowest}')
    if args.digits > MAX_DIGITS:
        raise ConfigError(f'--digits={args.digits}: expected at most {MAX_DIGITS}, because each class gets a name')
    if args.out.suffix != '.npz':
        raise ConfigError(f'OUT={args.out}: expected a name that ends with .npz')
    sources = split_digits(args.source)
    arrays = {'classes': np.array([f'{label:0{args.digits}}' for label in range(10**args.digits)])}
    with Progress(sum(getattr(args, split) for split in SPLITS), 'images') as progress:
        for number, split in enumerate(SPLITS):
            rng = np.random.default_rng([args.seed, number])
            made = make_split(*sources[split], args.digits, getattr(args, split), rng, progress)
            arrays[f'x_{split}'], arrays[f'y_{split}'] = made
    with atomic_write(args.out, 'wb') as file:
        np.savez(file, **arrays)
    height, width = arrays['x_train'].shape[1:]
    counts = ', '.join(f'{getattr(args, split)} {split}' for split in SPLITS)
    print(f'Wrote {counts} images of {height}x{width} pixels and {10**args.digits} classes to {args.out}.')


def main() -> None:
    parser = argparse.ArgumentParser(description='Make images of several MNIST digits side by side')
    parser.add_argument('source', type=Path, metavar='IN', help="folder of MNIST's four IDX files")
    parser.add_argument('out', type=Path, metavar='OUT', help='.npz file to write')
    parser.add_argument('--digits', type=int, required=True, help='digits per image, 1 to 6')
    parser.add_argument('--train', type=int, default=40000, help='number of training images; default: 40000')
    parser.add_argument('--val', type=int, default=5000, help='number of held-out images; default: 5000')
    parser.add_argument('--test', type=int, default=10000, help='number of test images; default: 10000')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draw; default: 0')
    args = parser.parse_args()
    with os_errors_as_config_errors():
        run(args)


if __name__ == '__main__':
    run_tool(main)
