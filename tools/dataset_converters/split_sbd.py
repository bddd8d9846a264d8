"""Hold images of SBD's train list (Hariharan et al., "Semantic Contours from Inverse Detectors") out.

The gradient-boosting paper trains PixelNet on the 8,498 images of that list and holds 100 of them out for
validation. Which 100 is not published; here it is a seeded draw. mmsegmentation converts the labels with its
tools/dataset_converters/voc_aug.py.

    python tools/dataset_converters/split_sbd.py data/VOCdevkit/VOCaug data/VOCdevkit/VOC2012
"""

import argparse
import sys
from pathlib import Path

import numpy as np

SBD_TRAIN_IMAGES = 8498


class BadInput(Exception):
    """What the user gave can't be used; the message is the one sentence to print."""


def hold_out(names, num_held_out, seed):
    """Draw ``num_held_out`` of the distinct ``names`` without replacement.

    Returns:
        tuple[list[str], list[str]]: Names for training and names held out: sorted, disjoint, together all.
        They depend on the set of names and the seed, not on the order of ``names``.
    """
    names = sorted(names)
    drawn = np.random.default_rng(seed).choice(len(names), num_held_out, replace=False)
    held_out = {names[i] for i in drawn}
    return [name for name in names if name not in held_out], sorted(held_out)


def read_train_list(sbd_root):
    """Names in SBD's train list, which lies in ``sbd_root`` or, as released, in ``sbd_root``/dataset."""
    candidates = (sbd_root / 'train.txt', sbd_root / 'dataset' / 'train.txt')
    for path in candidates:
        if path.is_file():
            names = path.read_text().split()
            twice = len(names) - len(set(names))
            if twice:
                raise BadInput(f'{path} repeats names: {twice} of its {len(names)} entries came before.')
            return names
    raise BadInput(f'SBD_ROOT {sbd_root} has no train list, neither {candidates[0]} nor {candidates[1]}.')


def check_labels(names, label_folder):
    """Every name needs its converted label; finding out here is cheaper than in the middle of an epoch."""
    origin = "mmsegmentation's tools/dataset_converters/voc_aug.py makes it"
    if not label_folder.is_dir():
        raise BadInput(f"{label_folder} is not a folder: {origin} from SBD's .mat files.")
    present = {path.name for path in label_folder.iterdir()}
    missing = [name for name in names if f'{name}.png' not in present]
    if missing:
        raise BadInput(
            f'{label_folder} lacks the labels of {len(missing)} of {len(names)} images, first '
            f"{missing[0]}.png: {origin} complete from SBD's .mat files."
        )


def run(args):
    if args.seed < 0:
        raise BadInput(f'--seed must be at least 0, got {args.seed}.')
    names = read_train_list(args.sbd_root)
    if not 1 <= args.held_out < len(names):
        raise BadInput(
            f'--held-out must be at least 1 and less than the {len(names)} images of the list, got {args.held_out}.'
        )
    check_labels(names, args.voc_root / 'SegmentationClassAug')
    if len(names) != SBD_TRAIN_IMAGES:
        print(f'Warning: the list holds {len(names)} names, not {SBD_TRAIN_IMAGES}.', file=sys.stderr)

    lists = args.voc_root / 'ImageSets' / 'Segmentation'
    lists.mkdir(parents=True, exist_ok=True)
    for split, part in zip(('sbd_train', 'sbd_val'), hold_out(names, args.held_out, args.seed)):
        (lists / f'{split}.txt').write_text(''.join(f'{name}\n' for name in part))
        print(f'Wrote {len(part)} names to {lists / split}.txt.')

    voc_val = lists / 'val.txt'
    shared = set(names).intersection(voc_val.read_text().split()) if voc_val.is_file() else ()
    if shared:
        print(
            f'Warning: {len(shared)} of these images are in {voc_val}, too: after training on them, it '
            'does not measure unseen images; use sbd_val or the PASCAL server.',
            file=sys.stderr,
        )


def main():
    parser = argparse.ArgumentParser(description="Split SBD's train list into sbd_train.txt and sbd_val.txt")
    parser.add_argument('sbd_root', type=Path, metavar='SBD_ROOT', help='has train.txt or dataset/train.txt')
    parser.add_argument('voc_root', type=Path, metavar='VOC_ROOT', help='VOC2012, has SegmentationClassAug')
    parser.add_argument('--held-out', type=int, default=100, help='number of images for validation')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draw')
    try:
        run(parser.parse_args())
    except (BadInput, OSError) as error:
        print(f'split_sbd: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
