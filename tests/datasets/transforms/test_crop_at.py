"""CropAt against squares cut out by hand, and the multi-crop test that the ImageNet configs build of it."""

import re

import numpy as np
import pytest
from helpers.shrunk_configs import CONFIGS
from hypothesis import given
from hypothesis import strategies as st
from mmengine.config import Config
from mmengine.registry import TRANSFORMS, DefaultScope

from mmgb.datasets.transforms.crop_at import CropAt, crop_at


def numbered(height, width):
    """An image whose pixels hold their row and column."""
    return np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing='ij'), -1)


@given(st.integers(1, 40), st.integers(0, 30), st.integers(0, 30))
def test_corners_touch_the_edges_and_the_centre_is_as_far_from_opposite_ones(size, more_rows, more_columns):
    image = numbered(size + more_rows, size + more_columns)
    for top in (0, 1):
        for left in (0, 1):
            crop = crop_at(image, size, (top, left))
            assert crop.shape == (size, size, 2)
            assert (crop[0, 0] == (top * more_rows, left * more_columns)).all()
    first = crop_at(image, size, (0.5, 0.5))[0, 0]
    for before, more in zip(first, (more_rows, more_columns)):
        assert more - before - before in (0, 1)


def test_without_a_size_the_square_has_the_shorter_side():
    assert (CropAt(place=(1.0, 1.0))(dict(img=numbered(4, 9)))['img'][0, 0] == (0, 5)).all()
    assert (CropAt(place=(0.5, 0.5))(dict(img=numbered(9, 4)))['img'][0, 0] == (2, 0)).all()
    assert CropAt()(dict(img=numbered(9, 4)))['img_shape'] == (4, 4)


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(crop_size=0), 'crop_size=0: expected an integer of at least 1, or None'),
        (dict(crop_size=2.5), 'crop_size=2.5: expected an integer of at least 1, or None'),
        (dict(place=(0.5, 1.5)), 'place=(0.5, 1.5): expected two numbers in [0, 1]'),
        (dict(place=(0.5,)), 'place=(0.5,): expected two numbers in [0, 1]'),
    ],
)
def test_an_invalid_argument_is_refused(settings, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        CropAt(**settings)


def test_an_image_smaller_than_the_square_is_refused():
    with pytest.raises(ValueError, match='crop_size=5: expected at most the shorter side of the image, got 4x9 pixels'):
        CropAt(5)(dict(img=numbered(4, 9)))


def test_crops_of_inception_v3_are_those_of_googlenet():
    """Four sizes x three squares x (four corners, centre, whole square) x two mirror images, cut out by hand."""
    (path,) = CONFIGS.glob('relay_bp/imagenet/inception-v3_relay-bp_8xb32-120e_in1k-299x299.py')
    sizes, squares, crops, flips, _ = Config.fromfile(path).tta_pipeline[1].transforms
    assert len(sizes) * len(squares) * len(crops) * len(flips) == 144
    assert [step.scale for step in sizes] == [round(side * 299 / 224) for side in (256, 288, 320, 352)]
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        squares, crops = ([TRANSFORMS.build(step) for step in steps] for steps in (squares, crops))
    image = numbered(342, 456).astype(np.float32)
    for left, square in zip((0, 57, 114), squares):
        expected = image[:, left : left + 342]
        views = [crop(square(dict(img=image)))['img'] for crop in crops]
        places = [(0, 0), (0, 43), (43, 0), (43, 43), (21, 21)]
        for (top, start), view in zip(places, views):
            assert (view == expected[top : top + 299, start : start + 299]).all()
        assert views[5].shape == (299, 299, 2) and np.allclose(views[5].mean((0, 1)), expected.mean((0, 1)), atol=0.5)
