"""Compose handwritten digits into scenes for semantic segmentation, in the folder layout of VOC 2012.

The digits are the 1,797 real ones that scikit-learn ships (8x8, from UCI's "Optical Recognition of
Handwritten Digits"), so nothing is downloaded. Label 0 is the ground, label k the digit k - 1, and 255 is
ignored, as in VOC.

    python tools/dataset_converters/make_digits_voc.py data/digits     # makes data/digits/VOC2012
"""

import argparse
import json
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

NUM_DIGITS, IGNORE = 10, 255
SPLITS = ('train', 'val')
VAL_SHARE = 0.25  # of each class's handwritten samples
COUNTS = (4, 7)  # digits in a scene
SIDES = (0.30, 0.50)  # of a digit, in sides of the scene
MAX_ANGLE = 15  # degrees; 6 and 9 stay apart
MIN_SIZE = 32  # below it the strokes of the smallest digits are thinner than two pixels
STROKE_LEVEL = 0.45  # of full ink; lower closes the loops of 8, higher breaks thin strokes into pieces
LUMA = np.array([0.299, 0.587, 0.114])
MAX_INK_LUMA = 0.35  # darker than every ground, or a small network spends its time on finding the strokes
MIN_COLOUR_DISTANCE = 0.35  # Euclidean, RGB in [0, 1]


class BadInput(Exception):
    """What the user gave can't be used; the message is the one sentence to print."""


def smooth_noise(rng, size, cells):
    """Standard normal values on a (cells, cells) grid, bicubically enlarged to (size, size), float32."""
    grid = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
    return np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC))


def textured_ground(rng, size):
    """A gradient and noise of several scales between two related pale colours.

    Returns:
        tuple: (size, size, 3) float array, RGB in [0.5, 1], and the two colours, (2, 3).
    """
    first = rng.uniform(0.65, 0.95) + rng.uniform(-0.1, 0.1, 3)
    colours = np.stack([first, first + rng.normal(0, 0.12, 3)]).clip(0.5, 1)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    direction = rng.uniform(0, 2 * np.pi)
    blend = 0.5 + 0.3 * (np.cos(direction) * x + np.sin(direction) * y)
    for cells, amplitude in ((4, 0.25), (8, 0.2), (16, 0.15), (32, 0.1)):
        blend = blend + amplitude * smooth_noise(rng, size, cells)
    return colours[0] + blend.clip(0, 1)[..., None] * (colours[1] - colours[0]), colours


def contrasting_ink(rng, present):
    """A random dark RGB colour in [0, 1], (3,), if possible well apart from those in ``present``, (M, 3)."""
    candidates = rng.uniform(0, 1, (32, 3))
    candidates *= np.minimum(1, MAX_INK_LUMA / (candidates @ LUMA))[:, None]
    distance = np.linalg.norm(candidates[:, None] - present, axis=-1).min(axis=1)
    return candidates[np.argmax(np.minimum(distance, MIN_COLOUR_DISTANCE))]


def place(rng, earlier, side, size):
    """A centre (y, x) for a digit of ``side`` pixels: the farthest of eight from the earlier centres.

    At most a tenth of the digit's box leaves the scene; digits may overlap, but seldom bury each other.
    """
    candidates = rng.uniform(0.4 * side, size - 0.4 * side, (8, 2))
    if not earlier:
        return candidates[0]
    distance = np.linalg.norm(candidates[:, None] - np.array(earlier), axis=-1).min(axis=1)
    return candidates[np.argmax(distance)]


def render_digit(digit, centre, side, angle, size):
    """Ink of one 8x8 digit, enlarged by cubic splines to ``side`` pixels, turned by ``angle`` radians.

    Returns:
        np.ndarray: (size, size) float, about 0 (no ink) to 1.
    """
    padded = np.pad(digit, 2)  # strokes that touch the edge of the 8x8 box must fade out, too
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * (8 / side)
    middle = (np.array(padded.shape) - 1) / 2
    return ndimage.affine_transform(padded, turn, middle - turn @ centre, (size, size), order=3)


def compose_scene(rng, digits, labels, size):
    """Draw digits on a textured ground; later ones occlude earlier ones.

    Args:
        rng (np.random.Generator): The only source of randomness.
        digits (np.ndarray): (N, 8, 8), ink in [0, 1], drawn in this order.
        labels (np.ndarray): (N,), the digits' classes, 0 to 9.
        size (int): Side of the scene in pixels.

    Returns:
        tuple: image (size, size, 3) uint8 RGB, and mask (size, size) uint8: 0 ground, ``label + 1`` on the
        strokes of a digit, 255 on a thin line around about half of the digits.
    """
    image, present = textured_ground(rng, size)
    mask = np.zeros((size, size), np.uint8)
    centres = []
    for digit, label in zip(digits, labels):
        side = rng.uniform(*SIDES) * size
        centres.append(place(rng, centres, side, size))
        ink = render_digit(digit, centres[-1], side, np.deg2rad(rng.uniform(-MAX_ANGLE, MAX_ANGLE)), size)
        stroke = ink > STROKE_LEVEL

        colour = contrasting_ink(rng, present)
        present = np.vstack([present, colour])
        shade = 0.06 * smooth_noise(rng, size, 6)[..., None]
        # A transition of about one pixel: at a stroke's edge the ink changes by some 0.8 within a cell.
        opacity = ((ink - STROKE_LEVEL) * side / 8 / 0.8 + 0.5).clip(0, 1)[..., None]
        image = image + opacity * (colour + shade - image)

        if rng.random() < 0.5:
            mask[ndimage.binary_dilation(stroke, iterations=max(1, round(size / 128)))] = IGNORE
        mask[stroke] = label + 1
    image = image + rng.normal(0, 0.02, image.shape)
    return (255 * image.clip(0, 1)).round().astype(np.uint8), mask


def split_samples(labels, seed):
    """Deal the handwritten samples out to the two splits, class by class.

    Args:
        labels (np.ndarray): (N,), classes of all samples.
        seed (int): Seed of the draw.

    Returns:
        dict[str, np.ndarray]: Sorted sample indices of 'train' and 'val': disjoint, together all N.
    """
    rng = np.random.default_rng(seed)
    parts = {split: [] for split in SPLITS}
    for label in range(NUM_DIGITS):
        members = rng.permutation(np.flatnonzero(labels == label))
        num_val = round(VAL_SHARE * len(members))
        parts['val'].append(members[:num_val])
        parts['train'].append(members[num_val:])
    return {split: np.sort(np.concatenate(part)) for split, part in parts.items()}


def choose_samples(rng, index, labels, pool):
    """Indices of the 4 to 7 samples out of ``pool`` that scene ``index`` shows, in drawing order.

    The last one, which nothing occludes, cycles through the classes: any ten scenes in a row show them all.
    """
    classes = rng.integers(NUM_DIGITS, size=rng.integers(*COUNTS, endpoint=True))
    classes[-1] = index % NUM_DIGITS
    return np.array([rng.choice(pool[labels[pool] == label]) for label in classes])


def voc_palette():
    """VOC's 256 colours as a flat list of RGB bytes: a label's bits, dealt out to the channels in turn."""
    label = np.arange(256)
    palette = np.zeros((256, 3), int)
    for bit in range(8):
        palette[:, bit % 3] |= (label >> bit & 1) << (7 - bit // 3)
    return palette.ravel().tolist()


@lru_cache(maxsize=1)
def load_samples():
    """scikit-learn's digits: ink (1797, 8, 8) float in [0, 1], labels (1797,) int."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise BadInput(
            'scikit-learn, whose handwritten digits are used, cannot be imported: `pip install scikit-learn`.'
        ) from error
    data = load_digits()
    return data.images / 16, data.target


def scene_name(split, index):
    return f'{split}_{index:06d}'


def write_scene(scene, folder, size, seed):
    """Compose scene (split, index) from a generator of its own and write its JPEG and palette PNG."""
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


def make_dataset(folder, counts, size, seed, jobs):
    """Write scenes and lists into the new ``folder``; ``counts`` maps a split to its number of scenes."""
    for part in ('JPEGImages', 'SegmentationClass', 'ImageSets/Segmentation'):
        (folder / part).mkdir(parents=True)
    for split, count in counts.items():
        names = [scene_name(split, index) + '\n' for index in range(count)]
        (folder / f'ImageSets/Segmentation/{split}.txt').write_text(''.join(names))
    scenes = [(split, index) for split, count in counts.items() for index in range(count)]
    load_samples()  # before the workers start, so that forked ones inherit it
    with ProcessPoolExecutor(jobs) as pool:
        written = pool.map(partial(write_scene, folder=folder, size=size, seed=seed), scenes, chunksize=8)
        for done, _ in enumerate(written, 1):
            if done == len(scenes) or done % max(1, len(scenes) // 10) == 0:
                print(f'{done}/{len(scenes)} scenes', flush=True)


def is_made(folder, made_with, overwrite):
    """Whether ``folder`` already holds the scenes asked for; refuses to touch what it must not replace."""
    record = folder / 'made_with.json'
    if folder.exists() and not record.is_file():
        raise BadInput(f'{folder} exists and was not made by this tool (it has no {record.name}): choose another OUT.')
    if not folder.exists() or overwrite:
        return False
    found = record.read_text()
    if found != json.dumps(made_with):
        raise BadInput(
            f'{folder} was made with other arguments ({found}) than those given '
            f'({json.dumps(made_with)}): choose another OUT or give --overwrite.'
        )
    return True


def run(args):
    for name, lowest in (('train', 1), ('val', 1), ('size', MIN_SIZE), ('seed', 0), ('jobs', 1)):
        if getattr(args, name) < lowest:
            raise BadInput(f'--{name} must be at least {lowest}, got {getattr(args, name)}.')
    made_with = {name: getattr(args, name) for name in ('train', 'val', 'size', 'seed')}
    folder = args.out / 'VOC2012'
    unfinished = args.out / 'VOC2012.unfinished'  # renamed when complete: VOC2012 is never half made
    try:
        if is_made(folder, made_with, args.overwrite):
            print(f'{folder} is there already, made with the same arguments.')
            return
        if unfinished.exists():
            shutil.rmtree(unfinished)
        counts = {split: made_with[split] for split in SPLITS}
        make_dataset(unfinished, counts, args.size, args.seed, args.jobs)
        (unfinished / 'made_with.json').write_text(json.dumps(made_with))
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
    except OSError as error:
        raise BadInput(f'OUT {args.out} cannot be written: {error}.') from error
    print(f'Wrote {args.train} training and {args.val} validation scenes to {folder}.')


def main():
    parser = argparse.ArgumentParser(description='Compose handwritten digits into scenes like VOC 2012')
    parser.add_argument('out', type=Path, metavar='OUT', help='folder that will hold VOC2012/')
    parser.add_argument('--train', type=int, default=560, help='number of training scenes')
    parser.add_argument('--val', type=int, default=40, help='number of validation scenes')
    parser.add_argument('--size', type=int, default=200, help='side of a scene in pixels')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--jobs', type=int, default=2, help='worker processes; they do not change the result')
    parser.add_argument('--overwrite', action='store_true', help='replace scenes made earlier by this tool')
    try:
        run(parser.parse_args())
    except BadInput as error:
        print(f'make_digits_voc: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
