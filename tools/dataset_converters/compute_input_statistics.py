"""Mean and covariance of a training set's values, for networks whose inputs are to be normalised or decorrelated.

IN is an idx file of images (MNIST's; ``.gz``, too), or an .npz file that has them under --key. Of images of D values in
all the result holds ``mean`` (D,) and ``covariance`` (D, D), float64, for ``mmgb.WhitenInputs``.

    python tools/dataset_converters/compute_input_statistics.py data/mnist/train-images-idx3-ubyte.gz \
        data/mnist/input_statistics.npz
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from mmgb.datasets.array_files import read_idx, read_npz

BLOCK = 4096  # images at a time


class BadInput(Exception):
    """What the user gave can't be used; the message is the one sentence to print."""


def mean_and_covariance(images):
    """(D,) and (D, D) of images (N, …), N > 1; the covariance is divided by N - 1."""
    values = images.reshape(len(images), -1)
    mean = values.mean(0, dtype=np.float64)
    covariance = np.zeros((len(mean), len(mean)))
    for begin in range(0, len(values), BLOCK):
        centred = values[begin : begin + BLOCK] - mean
        covariance += centred.T @ centred
    return mean, covariance / (len(values) - 1)


def run(args):
    if args.out.suffix != '.npz':
        raise BadInput(f'OUT {args.out} must end with .npz.')
    if args.out.resolve() == args.source.resolve():
        raise BadInput(f'OUT {args.out} is IN itself: choose another name.')
    try:
        is_npz = args.source.suffix == '.npz'
        images = read_npz(args.source, (args.key,))[args.key] if is_npz else read_idx(args.source)
    except ValueError as error:
        raise BadInput(f'IN {error}.') from error
    if images.ndim < 2 or len(images) < 2 or images.dtype.kind not in 'iuf':
        raise BadInput(
            f'IN {args.source} holds {images.dtype} of the shape {images.shape}: expected at least two '
            'images of numbers.'
        )
    mean, covariance = mean_and_covariance(images)
    unfinished = args.out.with_name(args.out.name + '.unfinished')  # renamed when complete: OUT is never there by half
    with open(unfinished, 'wb') as file:
        np.savez(file, mean=mean, covariance=covariance)
    unfinished.replace(args.out)
    print(f'Wrote the statistics of {len(images)} images of {len(mean)} values to {args.out}.')


def main():
    parser = argparse.ArgumentParser(description="Mean and covariance of a training set's values")
    parser.add_argument('source', type=Path, metavar='IN', help='idx file of images, or .npz')
    parser.add_argument('out', type=Path, metavar='OUT', help='.npz to write')
    parser.add_argument('--key', default='x_train', help='of the images in an .npz')
    try:
        run(parser.parse_args())
    except (BadInput, OSError) as error:
        print(f'compute_input_statistics: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
