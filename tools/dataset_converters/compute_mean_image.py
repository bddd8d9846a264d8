"""Average the central crops of a list's images: the per-pixel mean that networks without batch norm want subtracted.

For lists of ``path label`` lines, Places2's among them. Each image is resized so that its shorter side has SIDE pixels,
and cropped as in testing; the result is an .npy file, (CROP, CROP, 3) float32 in BGR, for ``mmgb.SubtractMeanImage``.
The mean of a hundred thousand images drawn with a seed is within 1 of that of millions, in units of a pixel's value.

    python tools/dataset_converters/compute_mean_image.py data/places2/train data/places2/train.txt \
        data/places2/mean_image.npy --num 100000
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from mmengine.utils import ProgressBar
from PIL import Image

from mmgb.datasets.image_list import read_image_list

CHUNK = 256  # images that a process adds up before it reports
_images = None  # of a worker process


class BadInput(Exception):
    """What the user gave can't be used; the message is the one sentence to print."""


def central_crop(image, side, crop):
    """(crop, crop, 3) uint8 of an image (H, W, 3), resized as mmpretrain's ResizeEdge and CenterCrop do it."""
    height, width = image.shape[:2]
    scale = side / min(height, width)
    size = (side, int(height * scale)) if width < height else (int(width * scale), side)
    image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    top, left = (int(round((length - crop) / 2.0)) for length in image.shape[:2])
    return image[top : top + crop, left : left + crop]


def start_worker(images):
    global _images
    cv2.setNumThreads(1)
    _images = images


def add_up(positions, root, side, crop):
    """The sum of the crops of the worker's images at ``positions``, (crop, crop, 3) int64 in BGR.

    Raises:
        BadInput: for an image that can't be read.
    """
    total = np.zeros((crop, crop, 3), np.int64)
    for position in positions:
        path = os.path.join(root, _images[int(position)]['img_path'])
        try:
            with Image.open(path) as image:
                pixels = np.asarray(image.convert('RGB'))
        except Exception as error:  # Pillow's decoders raise errors of many kinds
            reason = ' '.join(f'{type(error).__name__}: {error}'.split())
            raise BadInput(f"'{path}' can't be read ({reason}): clean the list with check_image_list.py.") from error
        total += central_crop(pixels[:, :, ::-1], side, crop)
    return total


def mean_image(images, positions, root, side, crop, jobs):
    """The mean crop, float32, by ``jobs`` processes. Draws a progress bar."""
    progress = ProgressBar(len(positions))
    chunks = [positions[begin : begin + CHUNK] for begin in range(0, len(positions), CHUNK)]
    total = np.zeros((crop, crop, 3), np.int64)
    with ProcessPoolExecutor(jobs, initializer=start_worker, initargs=(images,)) as pool:
        for chunk, found in zip(chunks, pool.map(partial(add_up, root=root, side=side, crop=crop), chunks)):
            total += found
            progress.update(len(chunk))
    print()
    return (total / len(positions)).astype(np.float32)


def run(args):
    for name in ('num', 'crop', 'jobs'):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise BadInput(f'--{name} must be at least 1, got {value}.')
    if args.side < args.crop:
        raise BadInput(f'--side must be at least --crop, {args.crop}, got {args.side}.')
    if args.seed < 0:
        raise BadInput(f'--seed must be at least 0, got {args.seed}.')
    if args.out.suffix != '.npy':
        raise BadInput(f'OUT {args.out} must end with .npy.')
    if not args.root.is_dir():
        raise BadInput(f'ROOT {args.root} is not a folder.')
    try:
        images = read_image_list(args.list.read_bytes())
    except ValueError as error:
        raise BadInput(f'LIST {args.list}: {error}.') from error
    positions = np.arange(len(images))
    if args.num is not None and args.num < len(images):
        positions = np.sort(np.random.default_rng(args.seed).choice(len(images), args.num, replace=False))
    mean = mean_image(images, positions, args.root, args.side, args.crop, args.jobs)
    unfinished = args.out.with_name(args.out.name + '.unfinished')  # renamed when complete: OUT is never there by half
    with open(unfinished, 'wb') as file:
        np.save(file, mean)
    unfinished.replace(args.out)
    colour = ', '.join(f'{value:.3f}' for value in mean.mean((0, 1)))
    print(f'Wrote the mean of {len(positions)} of {len(images)} images to {args.out}; its colour in BGR: {colour}.')


def main():
    parser = argparse.ArgumentParser(description="Average the central crops of a list's images")
    parser.add_argument('root', type=Path, metavar='ROOT', help='folder below which the paths of the list lie')
    parser.add_argument('list', type=Path, metavar='LIST', help='"path label" in each line')
    parser.add_argument('out', type=Path, metavar='OUT', help='.npy to write')
    parser.add_argument('--side', type=int, default=256, help='shorter side after resizing')
    parser.add_argument('--crop', type=int, default=224, help='side of the crop')
    parser.add_argument('--num', type=int, help='average as many images, drawn at random; by default all')
    parser.add_argument('--seed', type=int, default=0, help='seed of that draw')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='processes; default: one per CPU core')
    try:
        run(parser.parse_args())
    except (BadInput, OSError) as error:
        print(f'compute_mean_image: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
