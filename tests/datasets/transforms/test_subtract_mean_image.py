"""SubtractMeanImage against sums written out pixel by pixel."""

import re

import numpy as np
import pytest
from mmengine.registry import TRANSFORMS, DefaultScope

from mmgb.datasets.transforms import SubtractMeanImage


def build(path, **settings):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return TRANSFORMS.build(dict(type='mmgb.SubtractMeanImage', mean_image=str(path), **settings))


@pytest.fixture
def mean(tmp_path):
    image = np.random.default_rng(0).uniform(0, 255, (6, 5, 3)).astype(np.float32)
    np.save(tmp_path / 'mean.npy', image)
    return tmp_path / 'mean.npy', image


def test_the_mean_image_is_subtracted_from_an_image_of_the_same_size(mean):
    path, mean_image = mean
    image = np.random.default_rng(1).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    result = build(path)(dict(img=image.copy()))['img']
    assert result.dtype == np.float32
    for row, column, channel in ((0, 0, 0), (5, 4, 2), (3, 1, 1)):
        expected = float(image[row, column, channel]) - float(mean_image[row, column, channel])
        assert result[row, column, channel] == pytest.approx(expected, abs=1e-4)


def test_the_mean_colour_is_subtracted_from_an_image_of_another_size(mean):
    path, mean_image = mean
    image = np.full((9, 12, 3), 200, np.uint8)
    result = build(path)(dict(img=image))['img']
    colour = [200 - np.mean([mean_image[i, j, c] for i in range(6) for j in range(5)]) for c in range(3)]
    assert np.allclose(result, colour, atol=1e-3)


def test_a_resized_mean_leaves_each_crop_the_mean_of_its_own_place(mean):
    """Bilinear interpolation between the centres of the mean's pixels, written out."""
    path, mean_image = mean
    image = np.random.default_rng(1).integers(0, 256, (9, 20, 3), dtype=np.uint8)
    result = build(path, resize=True)(dict(img=image.copy()))['img']

    def weights(length, place, new_length):
        position = min(max((place + 0.5) * length / new_length - 0.5, 0), length - 1)
        low = min(int(position), length - 2)
        return [(low, low + 1 - position), (low + 1, position - low)]

    for row, column in ((0, 0), (8, 19), (3, 7), (5, 12)):
        expected = sum(
            share * part * mean_image[i, j] for i, share in weights(6, row, 9) for j, part in weights(5, column, 20)
        )
        assert np.allclose(result[row, column], image[row, column] - expected, atol=1e-3)


def test_a_missing_file_is_named_with_the_tool_that_writes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"mean_image='.*no.npy': no such file; tools/.*compute_mean_image.py"):
        build(tmp_path / 'no.npy')


@pytest.mark.parametrize('array', [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32)])
def test_an_invalid_file_is_refused(array, tmp_path):
    np.save(tmp_path / 'other.npy', array)
    with pytest.raises(ValueError, match=re.escape(f'got {array.dtype} of shape {array.shape}')):
        build(tmp_path / 'other.npy')
    (tmp_path / 'text.npy').write_text('text')
    with pytest.raises(ValueError, match="text.npy': expected an .npy file without pickled objects: "):
        build(tmp_path / 'text.npy')


def test_another_number_of_channels_is_refused(mean):
    with pytest.raises(ValueError, match=r'^image of shape \(6, 5\): expected 3 channels, as mean_image=.* has$'):
        build(mean[0])(dict(img=np.zeros((6, 5), np.uint8)))


@pytest.mark.parametrize('shape', [(9, 12), (9, 9)])
def test_a_resized_mean_of_one_channel_keeps_the_images_shape(shape, tmp_path):
    np.save(tmp_path / 'mean.npy', np.full((6, 5, 1), 7, np.float32))
    result = build(tmp_path / 'mean.npy', resize=True)(dict(img=np.full((*shape, 1), 10, np.uint8)))['img']
    assert result.shape == (*shape, 1) and (result == 3).all()


@pytest.mark.parametrize('size', [(6, 5, 3), (9, 20, 3)], ids=str)
@pytest.mark.parametrize('resize', [False, True])
@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_a_mean_of_any_floating_point_type_gives_a_float32_image(dtype, resize, size, tmp_path):
    mean = np.full((6, 5, 3), 100, dtype)
    np.save(tmp_path / 'mean.npy', mean)
    result = SubtractMeanImage(str(tmp_path / 'mean.npy'), resize)(dict(img=np.full(size, 130, np.uint8)))['img']
    assert result.dtype == np.float32 and np.allclose(result, 30)
