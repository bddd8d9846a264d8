"""Look for every image of a list below its folder, and write the list of those that can be used.

For lists of ``path label`` lines: Places2's, and ImageNet's as OpenMMLab has them. A file that is absent or empty is
reported; with --decode also one that Pillow can't decode to its last pixel, which takes as long as reading all images.

    python tools/dataset_converters/check_image_list.py data/places2/train data/places2/train.txt --out clean.txt
"""

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from mmengine.utils import ProgressBar
from PIL import Image

from mmgb.datasets.image_list import read_image_list

CHUNK = 1024  # images that a process checks before it reports
SHOWN = 10  # problems printed; --report holds all
_images = None  # of a worker process


class BadInput(Exception):
    """What the user gave can't be used; the message is the one sentence to print."""


def find_fault(path, decode):
    """(kind, detail) of what is wrong with an image file: 'missing', 'empty' or 'unreadable'; None if nothing is."""
    try:
        if not os.path.isfile(path):
            return 'missing', ''
        if not os.path.getsize(path):
            return 'empty', ''
        if decode:
            with Image.open(path) as image:
                image.load()
    except Exception as error:  # Pillow's decoders raise errors of many kinds
        return 'unreadable', ' '.join(f'{type(error).__name__}: {error}'.split())
    return None


def start_worker(images):
    global _images
    _images = images


def check_chunk(begin, root, decode):
    """[(position, kind, detail)] of the faults among the worker's images ``begin`` to ``begin + CHUNK - 1``."""
    faults = []
    for position in range(begin, min(begin + CHUNK, len(_images))):
        fault = find_fault(os.path.join(root, _images[position]['img_path']), decode)
        if fault:
            faults.append((position, *fault))
    return faults


def check_all(images, root, decode, jobs):
    """The faults of all ``images``, in the list's order, found by ``jobs`` processes. Draws a progress bar."""
    progress = ProgressBar(len(images))
    check = partial(check_chunk, root=root, decode=decode)
    begins = range(0, len(images), CHUNK)
    faults = []
    with ProcessPoolExecutor(jobs, initializer=start_worker, initargs=(images,)) as pool:
        for begin, found in zip(begins, pool.map(check, begins)):
            faults += found
            progress.update(min(CHUNK, len(images) - begin))
    print()
    return faults


def write_lines(path, lines):
    """Writes the file under another name first: it is never there by half."""
    unfinished = path.with_name(path.name + '.unfinished')
    with open(unfinished, 'w', encoding='utf-8') as file:
        file.writelines(f'{line}\n' for line in lines)
    unfinished.replace(path)


def run(args):
    """Returns whether all images of the list can be used."""
    for name, lowest in (('jobs', 1), ('num_classes', 1)):
        value = getattr(args, name)
        if value is not None and value < lowest:
            raise BadInput(f'--{name.replace("_", "-")} must be at least {lowest}, got {value}.')
    if not args.root.is_dir():
        raise BadInput(f'ROOT {args.root} is not a folder.')
    if args.out is not None and args.out.resolve() == args.list.resolve():
        raise BadInput(f'--out {args.out} is LIST itself: choose another name.')
    try:
        images = read_image_list(args.list.read_bytes(), args.num_classes)
    except ValueError as error:
        raise BadInput(f'LIST {args.list}: {error}.') from error
    faults = check_all(images, args.root, args.decode, args.jobs)
    counts = Counter(kind for _, kind, _ in faults)
    if counts['missing'] == len(images):
        raise BadInput(
            f"ROOT {args.root} has none of the list's {len(images)} images, e.g. not {images[0]['img_path']}."
        )
    lines = [
        f'{kind}\t{images[position]["img_path"]}' + (f'\t{detail}' if detail else '')
        for position, kind, detail in faults
    ]
    for line in lines[:SHOWN]:
        print(line)
    if len(lines) > SHOWN:
        print(f'… and {len(lines) - SHOWN} more')
    if args.report is not None:
        write_lines(args.report, lines)
        print(f'Wrote {len(lines)} lines to {args.report}.')
    if args.out is not None:
        left_out = {position for position, _, _ in faults}
        kept = (images[position] for position in range(len(images)) if position not in left_out)
        write_lines(args.out, (f'{image["img_path"]} {image["gt_label"]}' for image in kept))
        print(f'Wrote {len(images) - len(faults)} images to {args.out}.')
    if faults:
        print(
            f"check_image_list: {len(faults)} of {len(images)} images can't be used: "
            + ', '.join(f'{counts[kind]} {kind}' for kind in sorted(counts))
            + '.',
            file=sys.stderr,
        )
    else:
        print(f'All {len(images)} images are there' + (' and can be decoded.' if args.decode else '.'))
    return not faults


def main():
    parser = argparse.ArgumentParser(
        description='Look for every image of a list below its folder',
        epilog="Exit code: 0 if all images can be used, 1 if some can't, 2 if the arguments or the list can't be used.",
    )
    parser.add_argument('root', type=Path, metavar='ROOT', help='folder below which the paths of the list lie')
    parser.add_argument('list', type=Path, metavar='LIST', help='"path label" in each line')
    parser.add_argument('--out', type=Path, help='where to write the list of the images that can be used')
    parser.add_argument('--report', type=Path, help='where to write all faults: kind, path and detail, tab-separated')
    parser.add_argument('--decode', action='store_true', help='decode every image as well')
    parser.add_argument('--num-classes', type=int, help='labels must be below it; by default any are right')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='processes; default: one per CPU core')
    try:
        return 0 if run(parser.parse_args()) else 1
    except (BadInput, OSError) as error:
        print(f'check_image_list: {error}', file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
