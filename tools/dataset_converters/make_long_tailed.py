"""Make the training set of an .npz long-tailed: class c keeps n * ratio**(-c / (C - 1)) images, drawn with a seed.

The exponential profile of Cui et al., "Class-Balanced Loss Based on Effective Number of Samples" (CVPR 2019),
Section 5.1: class 0 keeps n images, the last class n / ratio; n is the number of images of the smallest class. For
CIFAR-10 and a ratio of 100 these are 5000, 2997, 1796, 1077, 645, 387, 232, 139, 83 and 50. The test set and all other
arrays stay as they are.

    python tools/dataset_converters/make_long_tailed.py data/cifar10.npz data/cifar10_lt100.npz
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from mmgb.datasets.array_files import read_npz


class BadInput(Exception):
    """What the user gave can't be used; the message is the one sentence to print."""


def long_tailed_counts(largest, num_classes, ratio):
    """Images of each class, (C,): from ``largest`` down to ``largest / ratio``, rounded down."""
    exponent = np.arange(num_classes) / max(1, num_classes - 1)
    # The last class's exact quotient must not fall below itself by a rounding error.
    return np.floor(largest * ratio**-exponent + 1e-9).astype(int)


def draw_long_tail(labels, ratio, seed):
    """Sorted positions in ``labels``, (N,), 0 to C - 1, of a long-tailed part, and its (C,) counts."""
    available = np.bincount(labels)
    counts = long_tailed_counts(available.min(), len(available), ratio)
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(np.flatnonzero(labels == label))[:count] for label, count in enumerate(counts)]
    return np.sort(np.concatenate(drawn)), counts


def run(args):
    if not args.ratio >= 1:
        raise BadInput(f'--ratio must be at least 1, got {args.ratio:g}.')
    if args.seed < 0:
        raise BadInput(f'--seed must be at least 0, got {args.seed}.')
    if args.out.suffix != '.npz':
        raise BadInput(f'OUT {args.out} must end with .npz.')
    if args.out.resolve() == args.source.resolve():
        raise BadInput(f'OUT {args.out} is IN itself: choose another name.')
    try:
        arrays = read_npz(args.source, ('x_train', 'y_train'), optional=None)
    except ValueError as error:
        raise BadInput(f'IN {error}.') from error
    labels = arrays['y_train'].reshape(-1)
    if labels.dtype.kind not in 'iu' or len(labels) != len(arrays['x_train']) or not len(labels) or labels.min() < 0:
        raise BadInput(
            f'IN {args.source}: y_train must hold a class index for each of the {len(arrays["x_train"])} '
            f'images, it is {labels.dtype} of the shape {arrays["y_train"].shape}.'
        )
    absent = np.flatnonzero(np.bincount(labels) == 0)
    if len(absent):
        raise BadInput(f'IN {args.source}: class {absent[0]} has no image.')
    chosen, counts = draw_long_tail(labels, args.ratio, args.seed)
    if counts.min() == 0:
        raise BadInput(
            f'--ratio {args.ratio:g} leaves class {counts.argmin()} without an image: it must be at most '
            f'{counts[0]}, the number of images of the smallest class.'
        )
    arrays.update(x_train=arrays['x_train'][chosen], y_train=arrays['y_train'][chosen])
    unfinished = args.out.with_name(args.out.name + '.unfinished')  # renamed when complete: OUT is never there by half
    with open(unfinished, 'wb') as file:
        np.savez(file, **arrays)
    unfinished.replace(args.out)
    print(f'Wrote {len(chosen)} of {len(labels)} training images to {args.out}: {", ".join(map(str, counts))}.')


def main():
    parser = argparse.ArgumentParser(description='Make the training set of an .npz long-tailed')
    parser.add_argument('source', type=Path, metavar='IN', help='.npz with x_train and y_train')
    parser.add_argument('out', type=Path, metavar='OUT', help='.npz to write')
    parser.add_argument(
        '--ratio', type=float, default=100.0, help='images of the first class per image of the last one'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the draw')
    try:
        run(parser.parse_args())
    except (BadInput, OSError) as error:
        print(f'make_long_tailed: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
