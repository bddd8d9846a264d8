"""Scenes of digits: which samples they show, and what their images and masks contain."""

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from mmgb.datasets.digit_scenes import COUNTS, choose_samples, compose_scene, render_digit, split_samples

INK, LABELS = load_digits().images / 16, load_digits().target


def single_digit(index, seed, size=96):
    rng = np.random.default_rng(seed)
    return compose_scene(rng, INK[index][None], LABELS[index][None], size)


def test_composing_neither_reads_nor_changes_global_random_state():
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first = single_digit(0, seed=0)
    assert (np.random.get_state()[1] == before).all()
    np.random.seed(2)
    assert all((a == b).all() for a, b in zip(first, single_digit(0, seed=0)))


@pytest.mark.parametrize('seed', [0, 1])
def test_the_splits_share_no_sample_and_scenes_show_only_samples_of_their_split(seed):
    split = split_samples(LABELS, seed)
    assert sorted([*split['train'], *split['val']]) == list(range(len(LABELS)))
    assert len(np.unique(INK.reshape(len(INK), -1), axis=0)) == len(INK)  # no sample occurs twice
    for pool in split.values():
        for index in range(40):
            chosen = choose_samples(np.random.default_rng(index), index, LABELS, pool)
            assert np.isin(chosen, pool).all()
            assert COUNTS[0] <= len(chosen) <= COUNTS[1] and LABELS[chosen[-1]] == index % 10


def as_8x8(shape):
    """Reduce a boolean shape to 8x8 values that don't depend on its position and scale."""
    shape = shape[ndimage.find_objects(shape.astype(int))[0]].astype(np.float32)
    square = np.zeros((max(shape.shape),) * 2, np.float32)
    top, left = (np.array(square.shape) - shape.shape) // 2
    square[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
    return np.asarray(Image.fromarray(square).resize((8, 8), Image.Resampling.BOX)).ravel()


def test_the_mask_of_a_single_digit_has_its_label_and_shape():
    """Nearest neighbours among other digits, which the test itself enlarges and rotates, recognise the shape."""
    shown, known = np.split(np.random.default_rng(0).permutation(len(LABELS))[:1000], [200])
    neighbours = [
        as_8x8(ndimage.rotate(ndimage.zoom(INK[index], 4, order=1), angle) > 0.4)
        for angle in (-20, -10, 0, 10, 20)
        for index in known
    ]
    classifier = KNeighborsClassifier(3).fit(neighbours, np.tile(LABELS[known], 5))
    upright, mirrored = [], []
    for index in shown:
        _, mask = single_digit(index, seed=index)
        assert set(np.unique(mask)) - {255} == {0, LABELS[index] + 1}
        upright.append(as_8x8(mask == LABELS[index] + 1))
        mirrored.append(as_8x8(mask[:, ::-1] == LABELS[index] + 1))
    assert (classifier.predict(upright) == LABELS[shown]).mean() > 0.9
    assert (classifier.predict(mirrored) == LABELS[shown]).mean() < 0.6  # the classifier isn't blind to the shape


def test_later_digits_occlude_earlier_ones():
    """One more digit changes the mask only to its own label or border, and in some scenes hides an earlier digit."""
    hidden = 0
    for seed in range(20):
        digits = np.array([np.flatnonzero(LABELS == label)[seed] for label in range(7)])
        _, more = compose_scene(np.random.default_rng(seed), INK[digits], LABELS[digits], 96)
        _, fewer = compose_scene(np.random.default_rng(seed), INK[digits[:-1]], LABELS[digits[:-1]], 96)
        changed = more != fewer
        assert (more == 7).any() and set(np.unique(more[changed])) <= {7, 255}
        hidden += (changed & (fewer > 0) & (fewer < 7)).sum()
    assert hidden > 0


@pytest.mark.parametrize('size', [64, 128])
def test_strokes_stand_out_from_the_ground_around_them(size):
    for seed in range(50):
        image, mask = single_digit(seed, seed=seed, size=size)
        stroke = mask == LABELS[seed] + 1
        near = ndimage.binary_dilation(stroke, iterations=6) & ~ndimage.binary_dilation(stroke, iterations=3)
        contrast = image[stroke].mean(axis=0) - image[near].mean(axis=0)
        assert np.linalg.norm(contrast) > 255 * 0.25


def test_a_digit_is_28_to_60_percent_of_the_scene_tall_and_mostly_inside():
    tall = []
    for index in np.flatnonzero(LABELS == 0)[:100]:
        _, mask = single_digit(index, seed=index, size=100)
        tall.append((mask == 1).any(axis=1).sum())
    assert 15 < min(tall) < 35 and 45 < max(tall) <= 75  # the rotated box is up to 1.3 times as tall


def test_borders_are_thin_and_touch_their_digit():
    with_border = 0
    for seed in range(40):
        _, mask = single_digit(seed, seed=seed, size=128)
        border = mask == 255
        with_border += border.any()
        assert not (border & ~ndimage.binary_dilation(mask == LABELS[seed] + 1)).any()
    assert 10 <= with_border <= 30


def test_a_rendered_digit_keeps_its_ink_at_the_centre_of_its_box():
    digit = np.zeros((8, 8))
    digit[3:5, 3:5] = 1.0
    ink = render_digit(digit, np.array([20.0, 40.0]), side=16, angle=0.3, size=64)
    row, column = ndimage.center_of_mass(ink.clip(0))
    assert ink.shape == (64, 64) and abs(row - 20) < 0.5 and abs(column - 40) < 0.5
    assert abs(ink.sum() / (digit.sum() * (16 / 8) ** 2) - 1) < 0.1
