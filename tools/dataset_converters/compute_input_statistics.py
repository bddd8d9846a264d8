"""Compute mean and covariance of a training set's values, to normalise or decorrelate the inputs of a network.

IN is an IDX file of images (MNIST's, optionally gzip-compressed), or an .npz file that has them under --key. The result
holds ``mean`` (D,) and ``covariance`` (D, D), both float64, of images of D values, for ``mmgb.WhitenInputs``.

    python tools/dataset_converters/compute_input_statistics.py data/mnist/train-images-idx3-ubyte.gz \
        data/mnist/input_statistics.npz
"""

import argparse
from pathlib import Path

import numpy as np

from mmgb.datasets.array_files import read_idx, read_npz
from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.file_errors import os_errors_as_config_errors
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.progress import Progress

BLOCK = 4096  # images processed at once


def mean_and_covariance(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (D,) and covariance (D, D), divided by N - 1, of images (N, …) of D values each, N > 1."""
    values = images.reshape(len(images), -1)
    mean = values.mean(0, dtype=np.float64)
    covariance = np.zeros((len(mean), len(mean)))
    with Progress(len(values), 'images') as progress:
        for begin in range(0, len(values), BLOCK):
            centred = values[begin : begin + BLOCK] - mean
            covariance += centred.T @ centred
            progress.update(len(centred))
    return mean, covariance / (len(values) - 1)


def run(args: argparse.Namespace) -> None:
    if args.out.suffix != '.npz':
        raise ConfigError(f'OUT={args.out}: expected a name that ends with .npz')
    if args.out.resolve() == args.source.resolve():
        raise ConfigError(f'OUT={args.out}: expected another file than IN')
    is_npz = args.source.suffix == '.npz'
    images = read_npz(args.source, (args.key,))[args.key] if is_npz else read_idx(args.source)
    if images.ndim < 2 or len(images) < 2 or images.dtype.kind not in 'iuf':
        raise ConfigError(
            f'IN={args.source}: expected at least two images of numbers, got {images.dtype} of shape {images.shape}'
        )
    mean, covariance = mean_and_covariance(images)
    if not np.isfinite(covariance).all():
        raise ConfigError(f'IN={args.source}: expected finite values, got NaN, infinity or values that overflow')
    with atomic_write(args.out, 'wb') as file:
        np.savez(file, mean=mean, covariance=covariance)
    print(f'Wrote the statistics of {len(images)} images of {len(mean)} values to {args.out}.')


def main() -> None:
    parser = argparse.ArgumentParser(description="Compute mean and covariance of a training set's values")
    parser.add_argument('source', type=Path, metavar='IN', help='IDX or .npz file of images')
    parser.add_argument('out', type=Path, metavar='OUT', help='.npz file to write')
    parser.add_argument(
        '--key', default='x_train', help='name of the array of images in an .npz file; default: x_train'
    )
    args = parser.parse_args()
    with os_errors_as_config_errors():
        run(args)


if __name__ == '__main__':
    run_tool(main)
