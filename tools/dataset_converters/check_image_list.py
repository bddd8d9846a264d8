"""Check that every image of a list exists below its folder, and write the list of the usable images.

The list has lines ``path label``, as Places2's lists and OpenMMLab's lists of ImageNet have, or with --no-label paths
alone. The folder of a list of absolute paths is /. The list of usable images has lines of LIST as they are, so that its
paths keep their meaning.

The tool reports missing and empty files. With --decode it also reports files that are incomplete or that training can't
decode, such as TIFF files of floating-point numbers; this takes as long as reading all images.

    python tools/dataset_converters/check_image_list.py data/places2/train data/places2/train.txt --out clean.txt
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from mmgb.datasets.image_list import ImageList
from mmgb.datasets.image_list_parser import read_image_list
from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.file_errors import os_errors_as_config_errors
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.errors import one_line
from mmgb.utils.image_decoding import decode_completely
from mmgb.utils.progress import Progress

CHUNK = 1024  # images per task of a worker process
SHOWN = 10  # faults printed; --report writes all

Fault = tuple[int, str, str]  # position in the list, kind, detail
_images = None  # the list, in a worker process


def find_fault(path: str, decode: bool) -> tuple[str, str] | None:
    """Return the kind ('missing', 'empty' or 'unreadable') and detail of an image's fault, or None if it is usable."""
    try:
        if not os.path.isfile(path):
            return 'missing', ''
        if not os.path.getsize(path):
            return 'empty', ''
        if decode:
            decode_completely(Path(path).read_bytes())
    except ConfigError as error:
        return 'unreadable', str(error)
    except Exception as error:  # Pillow's decoders raise errors of many types
        return 'unreadable', one_line(error)
    return None


def start_worker(images: ImageList) -> None:
    global _images
    _images = images


def check_chunk(begin: int, root: str, decode: bool) -> list[Fault]:
    """Return the faults among the images ``begin`` to ``begin + CHUNK - 1`` of the worker's list."""
    faults = []
    for position in range(begin, min(begin + CHUNK, len(_images))):
        fault = find_fault(os.path.join(root, _images[position]['img_path']), decode)
        if fault:
            faults.append((position, *fault))
    return faults


def check_all(images: ImageList, root: str, decode: bool, jobs: int) -> list[Fault]:
    """Return the faults of all images in the order of the list, using ``jobs`` worker processes."""
    check = partial(check_chunk, root=root, decode=decode)
    begins = range(0, len(images), CHUNK)
    faults = []
    pool = ProcessPoolExecutor(jobs, initializer=start_worker, initargs=(images,))
    with pool, Progress(len(images), 'images') as progress:
        for begin, found in zip(begins, pool.map(check, begins)):
            faults += found
            progress.update(min(CHUNK, len(images) - begin))
    return faults


def usable_lines(content: bytes, faults: list[Fault], count: int) -> Iterator[str]:
    """Yield the lines of a list of ``count`` images that are without a fault, without their line ends."""
    unusable = {position for position, _, _ in faults}
    for position, line in zip(range(count), io.BytesIO(content)):
        if position not in unusable:
            yield line.decode('utf-8-sig').rstrip('\r\n')  # the first line may begin with a byte order mark


def write_lines(path: Path, lines: Iterable[str]) -> None:
    with atomic_write(path) as file:
        file.writelines(f'{line}\n' for line in lines)


def run(args: argparse.Namespace) -> bool:
    """Check the list and return whether all its images are usable."""
    for name in ('jobs', 'num_classes'):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise ConfigError(f'--{name.replace("_", "-")}={value}: expected at least 1')
    if args.no_label and args.num_classes is not None:
        raise ConfigError(f'--num-classes={args.num_classes}: expected none with --no-label')
    if not args.root.is_dir():
        raise ConfigError(f'ROOT={args.root}: expected an existing folder')
    if args.out is not None and args.out.resolve() == args.list.resolve():
        raise ConfigError(f'--out={args.out}: expected another file than LIST')
    content = args.list.read_bytes()
    try:
        images = read_image_list(content, args.num_classes, with_label=not args.no_label)
    except ConfigError as error:
        sentence = str(error).replace('with_label=False', '--no-label')  # the remedy, as this tool has it
        raise ConfigError(f'LIST={args.list}: {sentence}') from error
    faults = check_all(images, args.root, args.decode, args.jobs)
    counts = Counter(kind for _, kind, _ in faults)
    if counts['missing'] == len(images):
        raise ConfigError(
            f"ROOT={args.root}: expected the list's images in it, got none of {len(images)}, for example not "
            f'{images[0]["img_path"]}'
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
        write_lines(args.out, usable_lines(content, faults, len(images)))
        print(f'Wrote {len(images) - len(faults)} images to {args.out}.')
    if faults:
        kinds = ', '.join(f'{counts[kind]} {kind}' for kind in sorted(counts))
        print(f'{len(faults)} of {len(images)} images are unusable: {kinds}.', file=sys.stderr)
    else:
        print(f'All {len(images)} images exist' + (' and can be decoded.' if args.decode else '.'))
    return not faults


def main() -> None:
    parser = argparse.ArgumentParser(
        description='Check that every image of a list exists below its folder',
        epilog='Exit code: 0 if all images are usable, 1 if some are not, 2 if an argument or the list is invalid.',
    )
    parser.add_argument('root', type=Path, metavar='ROOT', help='folder to which the paths in the list are relative')
    parser.add_argument('list', type=Path, metavar='LIST', help='file with "path label" in each line')
    parser.add_argument('--no-label', action='store_true', help='the lines of LIST are paths without labels')
    parser.add_argument('--out', type=Path, help='file to write, the list of usable images')
    parser.add_argument('--report', type=Path, help='file to write, all faults: kind, path and detail, tab-separated')
    parser.add_argument('--decode', action='store_true', help='also decode every image')
    parser.add_argument('--num-classes', type=int, help='number of classes, which bounds the labels; default: no bound')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='worker processes; default: one per CPU core')
    args = parser.parse_args()
    with os_errors_as_config_errors():
        usable = run(args)
    if not usable:
        sys.exit(1)


if __name__ == '__main__':
    run_tool(main)
