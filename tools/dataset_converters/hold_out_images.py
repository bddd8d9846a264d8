"""Split a folder of images, one subfolder per class, into an image list for training and one of held-out images.

    python tools/dataset_converters/hold_out_images.py data/imagenette64/train data/most.txt data/rest.txt --every 10

Every tenth image, in the order of the paths, is held out. Each line of a list is `CLASS_FOLDER/FILE LABEL`, where the
label is the place of the class's folder among all of them, as mmpretrain's CustomDataset numbers them.
"""

import argparse
from pathlib import Path

from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.run_tool import run_tool


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path, help='folder with one subfolder per class')
    parser.add_argument('most', type=Path, help='image list to write for training')
    parser.add_argument('rest', type=Path, help='image list to write of the held-out images')
    parser.add_argument(
        '--every', type=int, default=10, metavar='N', help='hold out every N-th image (default: %(default)s)'
    )
    return parser.parse_args()


def split(folder, every):
    """Return the lines of both lists.

    Args:
        folder (Path): folder with one subfolder per class.
        every (int): hold out the images whose number, from 1, is a multiple of this.

    Returns:
        The lines of the images to train with, and those of the held-out images.
    """
    most, rest = [], []
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    images = [(path, label) for label, one in enumerate(classes) for path in sorted(one.rglob('*')) if path.is_file()]
    for number, (path, label) in enumerate(images, 1):
        (most if number % every else rest).append(f'{path.relative_to(folder).as_posix()} {label}\n')
    return most, rest


def main():
    args = parse_args()
    if args.every < 2:
        raise ConfigError(f'--every={args.every}: expected an integer of at least 2')
    if not args.folder.is_dir():
        raise ConfigError(f"FOLDER='{args.folder}': expected a folder of images, got none")
    lists = split(args.folder, args.every)
    if not all(lists):
        raise ConfigError(
            f"FOLDER='{args.folder}': expected at least {args.every} images in subfolders, got {len(lists[0])}"
        )
    for path, lines in zip((args.most, args.rest), lists):
        with atomic_write(path) as file:
            file.writelines(lines)
        print(f"{len(lines)} images listed in '{path}'")


if __name__ == '__main__':
    run_tool(main)
