"""Scenes of handwritten digits for semantic segmentation: which digits a scene shows, its image and its mask.

``tools/dataset_converters/make_digits_voc.py`` writes them to files. Every function draws from the generator that it is
passed, so that a scene depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

NUM_DIGITS, IGNORED = 10, 255
SPLITS = ('train', 'val')
VAL_SHARE = 0.25  # of each class's handwritten samples
COUNTS = (4, 7)  # digits per scene
SIDES = (0.30, 0.50)  # side of a digit, relative to that of the scene
MAX_ANGLE = 15  # degrees, so that 6 and 9 remain distinct
STROKE_LEVEL = 0.45  # of full ink; a lower level closes the loops of 8, a higher one breaks thin strokes
LUMA = np.array([0.299, 0.587, 0.114])
MAX_INK_LUMA = 0.35  # darker than every ground, else a small network spends its training on finding the strokes
MIN_COLOUR_DISTANCE = 0.35  # Euclidean, RGB in [0, 1]


def split_samples(labels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Divide the handwritten samples between the splits, class by class.

    Args:
        labels (np.ndarray): (N,) classes of all samples.
        seed (int): seed of the draw.

    Returns:
        The sorted sample indices of 'train' and 'val': disjoint, together all N.
    """
    rng = np.random.default_rng(seed)
    parts = {split: [] for split in SPLITS}
    for label in range(NUM_DIGITS):
        members = rng.permutation(np.flatnonzero(labels == label))
        num_val = round(VAL_SHARE * len(members))
        parts['val'].append(members[:num_val])
        parts['train'].append(members[num_val:])
    return {split: np.sort(np.concatenate(part)) for split, part in parts.items()}


def choose_samples(rng: np.random.Generator, index: int, labels: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """Choose the 4 to 7 samples of scene ``index`` out of the sample indices ``pool``, in drawing order.

    The last one, which no other digit occludes, cycles through the classes: ten consecutive scenes show all classes.
    """
    classes = rng.integers(NUM_DIGITS, size=rng.integers(*COUNTS, endpoint=True))
    classes[-1] = index % NUM_DIGITS
    return np.array([rng.choice(pool[labels[pool] == label]) for label in classes])


def compose_scene(
    rng: np.random.Generator, digits: np.ndarray, labels: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw digits on a textured ground; later digits occlude earlier ones.

    Args:
        rng (np.random.Generator): the only source of randomness.
        digits (np.ndarray): (N, 8, 8) ink in [0, 1], in drawing order.
        labels (np.ndarray): (N,) classes of the digits, 0 to 9.
        size (int): side of the scene in pixels.

    Returns:
        The image, (size, size, 3) uint8 RGB, and the mask, (size, size) uint8: 0 for the ground, ``label + 1`` for the
        strokes of a digit, and 255 for a thin line around about half of the digits.
    """
    image, present = _textured_ground(rng, size)
    mask = np.zeros((size, size), np.uint8)
    centres = []
    for digit, label in zip(digits, labels):
        side = rng.uniform(*SIDES) * size
        centres.append(_choose_centre(rng, centres, side, size))
        ink = render_digit(digit, centres[-1], side, np.deg2rad(rng.uniform(-MAX_ANGLE, MAX_ANGLE)), size)
        stroke = ink > STROKE_LEVEL

        colour = _contrasting_ink(rng, present)
        present = np.vstack([present, colour])
        shade = 0.06 * _smooth_noise(rng, size, 6)[..., None]
        # A transition of about one pixel: at a stroke's edge the ink changes by about 0.8 per cell of the digit.
        opacity = ((ink - STROKE_LEVEL) * side / 8 / 0.8 + 0.5).clip(0, 1)[..., None]
        image = image + opacity * (colour + shade - image)

        if rng.random() < 0.5:
            mask[ndimage.binary_dilation(stroke, iterations=max(1, round(size / 128)))] = IGNORED
        mask[stroke] = label + 1
    image = image + rng.normal(0, 0.02, image.shape)
    return (255 * image.clip(0, 1)).round().astype(np.uint8), mask


def render_digit(digit: np.ndarray, centre: np.ndarray, side: float, angle: float, size: int) -> np.ndarray:
    """Enlarge one 8x8 digit by cubic splines, rotate it and place it in a scene.

    Args:
        digit (np.ndarray): (8, 8) ink in [0, 1].
        centre (np.ndarray): (2,) centre (y, x) in pixels.
        side (float): side of the digit's box in pixels.
        angle (float): rotation in radians.
        size (int): side of the scene in pixels.

    Returns:
        (size, size) ink, about 0 (none) to 1.
    """
    padded = np.pad(digit, 2)  # lets strokes at the edge of the 8x8 box fade out
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * (8 / side)
    middle = (np.array(padded.shape) - 1) / 2
    return ndimage.affine_transform(padded, rotation, middle - rotation @ centre, (size, size), order=3)


def _smooth_noise(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Draw standard normal values on a (cells, cells) grid and enlarge it bicubically to (size, size) float32."""
    grid = Image.fromarray(rng.standard_normal((cells, cells), dtype=np.float32))
    return np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC))


def _textured_ground(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Blend two related pale colours by a gradient and by noise of several scales.

    Returns:
        The ground, (size, size, 3) RGB in [0.5, 1], and the two colours, (2, 3).
    """
    first = rng.uniform(0.65, 0.95) + rng.uniform(-0.1, 0.1, 3)
    colours = np.stack([first, first + rng.normal(0, 0.12, 3)]).clip(0.5, 1)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    direction = rng.uniform(0, 2 * np.pi)
    blend = 0.5 + 0.3 * (np.cos(direction) * x + np.sin(direction) * y)
    for cells, amplitude in ((4, 0.25), (8, 0.2), (16, 0.15), (32, 0.1)):
        blend = blend + amplitude * _smooth_noise(rng, size, cells)
    return colours[0] + blend.clip(0, 1)[..., None] * (colours[1] - colours[0]), colours


def _contrasting_ink(rng: np.random.Generator, present: np.ndarray) -> np.ndarray:
    """Draw a dark RGB colour, (3,) in [0, 1], that if possible differs clearly from the colours ``present``, (M, 3)."""
    candidates = rng.uniform(0, 1, (32, 3))
    candidates *= np.minimum(1, MAX_INK_LUMA / (candidates @ LUMA))[:, None]
    distance = np.linalg.norm(candidates[:, None] - present, axis=-1).min(axis=1)
    return candidates[np.argmax(np.minimum(distance, MIN_COLOUR_DISTANCE))]


def _choose_centre(rng: np.random.Generator, earlier: Sequence[np.ndarray], side: float, size: int) -> np.ndarray:
    """Return a centre (y, x) for a digit of ``side`` pixels: of eight random ones, the farthest from earlier centres.

    At most a tenth of the digit's box is outside the scene. Digits may overlap, but seldom cover each other completely.
    """
    candidates = rng.uniform(0.4 * side, size - 0.4 * side, (8, 2))
    if not earlier:
        return candidates[0]
    distance = np.linalg.norm(candidates[:, None] - np.array(earlier), axis=-1).min(axis=1)
    return candidates[np.argmax(distance)]
