"""Average the central crops of a list's images: the mean image that networks without batch normalisation subtract.

The list has lines ``path label``, as Places2's. Each image is resized so that its shorter side has SIDE pixels, and
cropped as in testing. The result is an .npy file, (CROP, CROP, 3) float32 in BGR, for ``mmgb.SubtractMeanImage``. Pixel
values range from 0 to 255; the mean of 100,000 images drawn with a seed differs from that of millions by less than 1.

With --whole, each image is resized to a square of SIDE pixels instead, and the result is (SIDE, SIDE, 3), for
``mmgb.SubtractMeanImage`` with ``resize=True``.

    python tools/dataset_converters/compute_mean_image.py data/places2/train data/places2/train.txt \
        data/places2/mean_image.npy --num 100000
"""

import argparse
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from mmgb.datasets.image_list import ImageList
from mmgb.datasets.image_list_parser import read_image_list
from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.file_errors import os_errors_as_config_errors
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.errors import one_line
from mmgb.utils.image_decoding import decode_completely
from mmgb.utils.progress import Progress

CHUNK = 256  # images per task of a worker process
_images = None  # the list, in a worker process


def central_crop(image: np.ndarray, side: int, crop: int) -> np.ndarray:
    """Resize an image (H, W, 3) like mmpretrain's ResizeEdge and crop it like its CenterCrop, (crop, crop, 3) uint8."""
    height, width = image.shape[:2]
    # Multiply first, as ResizeEdge does: int(height * (side / height)) may be side - 1, because the ratio is rounded.
    size = (side, int(side * height / width)) if width < height else (int(side * width / height), side)
    image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    top, left = (int(round((length - crop) / 2.0)) for length in image.shape[:2])
    return image[top : top + crop, left : left + crop]


def whole_square(image: np.ndarray, side: int) -> np.ndarray:
    """Resize an image (H, W, 3) to a square, (side, side, 3) uint8."""
    return cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR)


def start_worker(images: ImageList) -> None:
    global _images
    cv2.setNumThreads(1)
    _images = images


def sum_images(positions: np.ndarray, root: str, view: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the sum of the views of the worker's images at ``positions``, of a view's shape, int64 in BGR.

    Raises:
        ConfigError: if an image can't be read.
    """
    total = 0
    for position in positions:
        path = os.path.join(root, _images[int(position)]['img_path'])
        try:
            pixels = decode_completely(Path(path).read_bytes())
        except Exception as error:  # Pillow's decoders raise errors of many types
            raise ConfigError(
                f"'{path}' can't be read ({one_line(error)}): clean the list with check_image_list.py"
            ) from error
        total = total + view(pixels).astype(np.int64)
    return total


def mean_image(
    images: ImageList, positions: np.ndarray, root: str, view: Callable[[np.ndarray], np.ndarray], jobs: int
) -> np.ndarray:
    """Return the mean view of the images at ``positions``, of a view's shape, float32, using ``jobs`` processes."""
    chunks = [positions[begin : begin + CHUNK] for begin in range(0, len(positions), CHUNK)]
    total = 0
    pool = ProcessPoolExecutor(jobs, initializer=start_worker, initargs=(images,))
    with pool, Progress(len(positions), 'images') as progress:
        for chunk, found in zip(chunks, pool.map(partial(sum_images, root=root, view=view), chunks)):
            total = total + found
            progress.update(len(chunk))
    return (total / len(positions)).astype(np.float32)


def run(args: argparse.Namespace) -> None:
    for name in ('num', 'crop', 'jobs'):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise ConfigError(f'--{name}={value}: expected at least 1')
    if args.side < (1 if args.whole else args.crop):
        raise ConfigError(f'--side={args.side}: expected at least {1 if args.whole else f"--crop={args.crop}"}')
    if args.seed < 0:
        raise ConfigError(f'--seed={args.seed}: expected at least 0')
    if args.out.suffix != '.npy':
        raise ConfigError(f'OUT={args.out}: expected a name that ends with .npy')
    if not args.root.is_dir():
        raise ConfigError(f'ROOT={args.root}: expected an existing folder')
    try:
        images = read_image_list(args.list.read_bytes())
    except ConfigError as error:
        raise ConfigError(f'LIST={args.list}: {error}') from error
    positions = np.arange(len(images))
    if args.num is not None and args.num < len(images):
        positions = np.sort(np.random.default_rng(args.seed).choice(len(images), args.num, replace=False))
    whole, crop = partial(whole_square, side=args.side), partial(central_crop, side=args.side, crop=args.crop)
    mean = mean_image(images, positions, args.root, whole if args.whole else crop, args.jobs)
    with atomic_write(args.out, 'wb') as file:
        np.save(file, mean)
    colour = ', '.join(f'{value:.3f}' for value in mean.mean((0, 1)))
    print(f'Wrote the mean of {len(positions)} of {len(images)} images to {args.out}; its colour in BGR: {colour}.')


def main() -> None:
    parser = argparse.ArgumentParser(description="Average the central crops of a list's images")
    parser.add_argument('root', type=Path, metavar='ROOT', help='folder to which the paths in the list are relative')
    parser.add_argument('list', type=Path, metavar='LIST', help='file with "path label" in each line')
    parser.add_argument('out', type=Path, metavar='OUT', help='.npy file to write')
    parser.add_argument('--side', type=int, default=256, help='shorter side after resizing, in pixels; default: 256')
    parser.add_argument('--crop', type=int, default=224, help='side of the crop, in pixels; default: 224')
    parser.add_argument('--whole', action='store_true', help='average whole images, resized to SIDE x SIDE pixels')
    parser.add_argument('--num', type=int, help='number of images to draw at random and average; default: all')
    parser.add_argument('--seed', type=int, default=0, help='seed of that draw; default: 0')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='worker processes; default: one per CPU core')
    args = parser.parse_args()
    with os_errors_as_config_errors():
        run(args)


if __name__ == '__main__':
    run_tool(main)
