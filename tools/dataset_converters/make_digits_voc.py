"""Compose handwritten digits into scenes for semantic segmentation, in the folder layout of VOC 2012.

The digits are the 1,797 real ones that scikit-learn ships (8x8 pixels, from UCI's "Optical Recognition of Handwritten
Digits"), so nothing is downloaded. Label 0 is the ground, label k is digit k - 1, and 255 is ignored as in VOC.

    python tools/dataset_converters/make_digits_voc.py data/digits     # makes data/digits/VOC2012
"""

import argparse
import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from mmgb.datasets.digit_scenes import SPLITS, choose_samples, compose_scene, split_samples
from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_folder
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.progress import Progress

MIN_SIZE = 32  # in smaller scenes the strokes of the smallest digits are thinner than two pixels
RECORD = 'made_with.json'  # the arguments of a finished run


@lru_cache(maxsize=1)
def load_samples() -> tuple[np.ndarray, np.ndarray]:
    """Load scikit-learn's digits: ink, (1797, 8, 8) in [0, 1], and labels, (1797,) integers."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ConfigError(
            'scikit-learn, which ships the handwritten digits, cannot be imported: install it by '
            '`pip install scikit-learn`'
        ) from error
    data = load_digits()
    return data.images / 16, data.target


def voc_palette() -> list[int]:
    """Return VOC's 256 colours as a flat list of RGB bytes: the bits of a label go to the channels in turn."""
    label = np.arange(256)
    palette = np.zeros((256, 3), int)
    for bit in range(8):
        palette[:, bit % 3] |= (label >> bit & 1) << (7 - bit // 3)
    return palette.ravel().tolist()


def scene_name(split: str, index: int) -> str:
    return f'{split}_{index:06d}'


def write_scene(scene: tuple[str, int], folder: Path, size: int, seed: int) -> None:
    """Compose scene (split, index) with its own random generator and write its JPEG and its palette PNG."""
    split, index = scene
    digits, labels = load_samples()
    rng = np.random.default_rng(np.random.SeedSequence((seed, SPLITS.index(split), index)))
    chosen = choose_samples(rng, index, labels, split_samples(labels, seed)[split])
    image, mask = compose_scene(rng, digits[chosen], labels[chosen], size)
    name = scene_name(*scene)
    Image.fromarray(image).save(folder / 'JPEGImages' / f'{name}.jpg', quality=92)
    palette_png = Image.fromarray(mask)
    palette_png.putpalette(voc_palette())
    palette_png.save(folder / 'SegmentationClass' / f'{name}.png')


def make_dataset(folder: Path, counts: Mapping[str, int], size: int, seed: int, jobs: int) -> None:
    """Write scenes and lists into the empty ``folder``; ``counts`` is the number of scenes of each split."""
    for part in ('JPEGImages', 'SegmentationClass', 'ImageSets/Segmentation'):
        (folder / part).mkdir(parents=True)
    for split, count in counts.items():
        names = [scene_name(split, index) + '\n' for index in range(count)]
        (folder / f'ImageSets/Segmentation/{split}.txt').write_text(''.join(names), encoding='utf-8')
    scenes = [(split, index) for split, count in counts.items() for index in range(count)]
    load_samples()  # before the workers start, so that forked workers inherit the cached result
    with ProcessPoolExecutor(jobs) as pool, Progress(len(scenes), 'scenes') as progress:
        for _ in pool.map(partial(write_scene, folder=folder, size=size, seed=seed), scenes, chunksize=8):
            progress.update()


def is_made(folder: Path, made_with: Mapping[str, int], overwrite: bool) -> bool:
    """Return whether ``folder`` already holds the requested scenes.

    Raises:
        ConfigError: if the folder isn't this tool's, or it has other arguments and ``overwrite`` is False.
    """
    record = folder / RECORD
    if folder.exists() and not record.is_file():
        raise ConfigError(f'{folder}: expected a folder made by this tool, but it has no {RECORD}; choose another OUT')
    if not folder.exists() or overwrite:
        return False
    found = record.read_text(encoding='utf-8')
    if found != json.dumps(made_with):
        raise ConfigError(
            f'{folder}: expected scenes made with the arguments {json.dumps(made_with)}, got {found}; choose another '
            'OUT or pass --overwrite'
        )
    return True


def run(args: argparse.Namespace) -> None:
    for name, lowest in (('train', 1), ('val', 1), ('size', MIN_SIZE), ('seed', 0), ('jobs', 1)):
        if getattr(args, name) < lowest:
            raise ConfigError(f'--{name}={getattr(args, name)}: expected at least {lowest}')
    made_with = {name: getattr(args, name) for name in ('train', 'val', 'size', 'seed')}
    folder = args.out / 'VOC2012'
    try:
        if is_made(folder, made_with, args.overwrite):
            print(f'{folder} exists already, made with the same arguments.')
            return
        with atomic_folder(folder) as unfinished:
            counts = {split: made_with[split] for split in SPLITS}
            make_dataset(unfinished, counts, args.size, args.seed, args.jobs)
            (unfinished / RECORD).write_text(json.dumps(made_with), encoding='utf-8')
            if folder.exists():
                shutil.rmtree(folder)
    except OSError as error:
        raise ConfigError(f'OUT={args.out}: expected a writable folder: {error}') from error
    print(f'Wrote {args.train} training and {args.val} validation scenes to {folder}.')


def main() -> None:
    parser = argparse.ArgumentParser(description='Compose handwritten digits into scenes like those of VOC 2012')
    parser.add_argument('out', type=Path, metavar='OUT', help='folder in which to make VOC2012/')
    parser.add_argument('--train', type=int, default=560, help='number of training scenes; default: 560')
    parser.add_argument('--val', type=int, default=40, help='number of validation scenes; default: 40')
    parser.add_argument('--size', type=int, default=200, help='side of a scene in pixels; default: 200')
    parser.add_argument('--seed', type=int, default=0, help='seed of all scenes; default: 0')
    parser.add_argument(
        '--jobs', type=int, default=2, help='worker processes, which do not affect the result; default: 2'
    )
    parser.add_argument('--overwrite', action='store_true', help='replace scenes that this tool made earlier')
    run(parser.parse_args())


if __name__ == '__main__':
    run_tool(main)
