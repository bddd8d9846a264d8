"""Hold out images of SBD's train list (Hariharan et al., "Semantic Contours from Inverse Detectors") for validation.

The gradient-boosting paper trains PixelNet on the 8,498 images of that list and holds out 100 of them for validation.
It doesn't publish which ones; here they are drawn with a seed. mmsegmentation's tools/dataset_converters/voc_aug.py
converts the labels.

    python tools/dataset_converters/split_sbd.py data/VOCdevkit/VOCaug data/VOCdevkit/VOC2012
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.file_errors import os_errors_as_config_errors
from mmgb.utils.cli.run_tool import run_tool

SBD_TRAIN_IMAGES = 8498


def hold_out(names: Iterable[str], num_held_out: int, seed: int) -> tuple[list[str], list[str]]:
    """Draw ``num_held_out`` of the distinct ``names`` without replacement.

    Returns:
        The sorted names for training and the sorted names held out. They depend on the set of names and the seed, not
        on the order of ``names``.
    """
    names = sorted(names)
    drawn = np.random.default_rng(seed).choice(len(names), num_held_out, replace=False)
    held_out = {names[i] for i in drawn}
    return [name for name in names if name not in held_out], sorted(held_out)


def read_train_list(sbd_root: Path) -> list[str]:
    """Read SBD's train list from ``sbd_root`` or, as in SBD's release, from ``sbd_root/dataset``."""
    candidates = (sbd_root / 'train.txt', sbd_root / 'dataset' / 'train.txt')
    for path in candidates:
        if path.is_file():
            names = path.read_text(encoding='utf-8').split()
            duplicates = len(names) - len(set(names))
            if duplicates:
                raise ConfigError(f'{path}: expected distinct names, got {duplicates} duplicates among {len(names)}')
            return names
    raise ConfigError(f'SBD_ROOT={sbd_root}: expected a train list, {candidates[0]} or {candidates[1]}')


def check_labels(names: list[str], label_folder: Path) -> None:
    """Check that every name has its converted label, since training would only notice during its first epoch."""
    fix = "make it with mmsegmentation's tools/dataset_converters/voc_aug.py from SBD's .mat files"
    if not label_folder.is_dir():
        raise ConfigError(f'{label_folder}: expected an existing folder; {fix}')
    present = {path.name for path in label_folder.iterdir()}
    missing = [name for name in names if f'{name}.png' not in present]
    if missing:
        raise ConfigError(
            f'{label_folder}: expected the labels of {len(names)} images, but {len(missing)} are missing, the first '
            f'is {missing[0]}.png; {fix}'
        )


def run(args: argparse.Namespace) -> None:
    if args.seed < 0:
        raise ConfigError(f'--seed={args.seed}: expected at least 0')
    names = read_train_list(args.sbd_root)
    if not 1 <= args.held_out < len(names):
        raise ConfigError(
            f'--held-out={args.held_out}: expected 1 to {len(names) - 1}, as the list has {len(names)} images'
        )
    check_labels(names, args.voc_root / 'SegmentationClassAug')
    if len(names) != SBD_TRAIN_IMAGES:
        print(f'Warning: the list has {len(names)} names instead of {SBD_TRAIN_IMAGES}.', file=sys.stderr)

    lists = args.voc_root / 'ImageSets' / 'Segmentation'
    for split, part in zip(('sbd_train', 'sbd_val'), hold_out(names, args.held_out, args.seed)):
        with atomic_write(lists / f'{split}.txt') as file:
            file.writelines(f'{name}\n' for name in part)
        print(f'Wrote {len(part)} names to {lists / split}.txt.')

    voc_val = lists / 'val.txt'
    shared = set(names).intersection(voc_val.read_text(encoding='utf-8').split()) if voc_val.is_file() else ()
    if shared:
        print(
            f'Warning: {voc_val} contains {len(shared)} of these images, so it no longer measures unseen images; use '
            'sbd_val or the PASCAL server.',
            file=sys.stderr,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Split SBD's train list into sbd_train.txt and sbd_val.txt")
    parser.add_argument('sbd_root', type=Path, metavar='SBD_ROOT', help='folder with train.txt or dataset/train.txt')
    parser.add_argument('voc_root', type=Path, metavar='VOC_ROOT', help='VOC2012, with SegmentationClassAug')
    parser.add_argument('--held-out', type=int, default=100, help='number of validation images; default: 100')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draw; default: 0')
    args = parser.parse_args()
    with os_errors_as_config_errors():
        run(args)


if __name__ == '__main__':
    run_tool(main)
