"""Split a folder of images, one subfolder per class, into an image list for training and one of held-out images.

    python tools/dataset_converters/hold_out_images.py data/imagenette64/train data/most.txt data/rest.txt --every 10

Every tenth image, in the order of the paths, is held out. Each line of a list is `CLASS_FOLDER/FILE LABEL`, where the
label is the place of the class's folder among all of them. mmpretrain's CustomDataset finds the same images in the
folder and gives them the same labels: other files, and those whose name begins with a dot, are left out.
"""

import argparse
import inspect
from pathlib import Path

from mmpretrain.datasets import CustomDataset
from mmpretrain.datasets.custom import find_folders, get_samples

from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.run_tool import run_tool

EXTENSIONS = inspect.signature(CustomDataset).parameters['extensions'].default


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

    Raises:
        ConfigError: if a list can't hold the name of an image.
    """
    most, rest = [], []
    _, labels = find_folders(str(folder))
    images, _ = get_samples(str(folder), labels, lambda name: name.lower().endswith(EXTENSIONS))
    for number, (path, label) in enumerate(images, 1):
        if not is_listable(path):
            raise ConfigError(
                f"FOLDER='{folder}': expected names in UTF-8 without line breaks or a blank in front, got {path!r}; "
                'rename the file or its folder'
            )
        (most if number % every else rest).append(f'{path} {label}\n')
    return most, rest


def is_listable(path):
    """Return whether a line of an image list can hold ``path``: UTF-8 without line breaks or a blank in front."""
    try:
        path.encode()
    except UnicodeEncodeError:  # the name's bytes aren't UTF-8
        return False
    return path.splitlines() == [path] and path == path.lstrip()


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
