"""Put the Python version of CIFAR-10 into the one .npz file that the configs read.

    python tools/dataset_converters/make_cifar10_npz.py data data/cifar10/cifar10.npz

IN holds the folder ``cifar-10-batches-py`` of the unpacked ``cifar-10-python.tar.gz``. torchvision compares its files
with their published checksums before it reads them. OUT gets ``x_train`` and ``x_test``, images (N, 32, 32, 3) of uint8
in RGB, ``y_train`` and ``y_test``, labels (N,) of uint8, and ``classes``, the names. The images keep their order.
"""

import argparse
from pathlib import Path

import numpy as np
from torchvision.datasets import CIFAR10

from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.file_errors import os_errors_as_config_errors
from mmgb.utils.cli.run_tool import run_tool


def read_cifar10(folder: Path) -> dict[str, np.ndarray]:
    """Return the arrays of the .npz file.

    Raises:
        ConfigError: if a file is missing or differs from the published one.
    """
    arrays = {}
    for split in ('train', 'test'):
        try:
            part = CIFAR10(folder, train=split == 'train')
        except RuntimeError as error:  # raised before anything is read
            raise ConfigError(
                f"IN={folder}: expected the folder '{CIFAR10.base_folder}' with the unchanged files of CIFAR-10's "
                'Python version, got one that is missing or has another checksum'
            ) from error
        arrays[f'x_{split}'], arrays[f'y_{split}'] = part.data, np.array(part.targets, np.uint8)
    return arrays | dict(classes=np.array(part.classes))


def run(args: argparse.Namespace) -> None:
    if args.out.suffix != '.npz':
        raise ConfigError(f'OUT={args.out}: expected a name that ends with .npz')
    arrays = read_cifar10(args.source)
    with atomic_write(args.out, 'wb') as file:
        np.savez(file, **arrays)
    print(f'Wrote {len(arrays["y_train"])} training and {len(arrays["y_test"])} test images to {args.out}.')


def main() -> None:
    parser = argparse.ArgumentParser(description='Put CIFAR-10 into one .npz file')
    parser.add_argument('source', type=Path, metavar='IN', help='folder that holds cifar-10-batches-py')
    parser.add_argument('out', type=Path, metavar='OUT', help='.npz file to write')
    args = parser.parse_args()
    with os_errors_as_config_errors():
        run(args)


if __name__ == '__main__':
    run_tool(main)
