"""compute_mean_image.py against the central crops of mmpretrain's transforms."""

import runpy

import cv2
import numpy as np
import pytest
from helpers.converters import assert_refused, convert
from helpers.tiny_runs import TOOLS
from mmengine.registry import TRANSFORMS, DefaultScope
from PIL import Image

TOOL = 'compute_mean_image'


def make(folder, *options):
    files = folder / 'images', folder / 'list.txt', folder / 'mean.npy'
    return convert(TOOL, *files, '--side', 16, '--crop', 12, '--jobs', 1, *options)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / 'images').mkdir()
    for index, size in enumerate([(20, 30), (40, 33), (16, 16), (18, 61)]):
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(tmp_path / f'images/{index}.png')
    (tmp_path / 'list.txt').write_text(''.join(f'{index}.png 0\n' for index in range(4)))
    return tmp_path


def transforms(side, crop):
    """Return mmpretrain's transforms that load an image and crop its centre."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return [
            TRANSFORMS.build(step)
            for step in (
                dict(type='LoadImageFromFile'),
                dict(type='ResizeEdge', scale=side, edge='short'),
                dict(type='CenterCrop', crop_size=crop),
            )
        ]


def crops(folder):
    """Yield the central crop of each image by mmpretrain's own transforms."""
    steps = transforms(16, 12)
    for index in range(4):
        results = dict(img_path=str(folder / f'images/{index}.png'))
        for step in steps:
            results = step(results)
        yield results['img'].astype(np.float64)


def test_the_mean_is_that_of_mmpretrains_central_crops_in_bgr(folder):
    result = make(folder)
    assert result.returncode == 0 and 'Wrote the mean of 4 of 4 images' in result.stdout
    mean = np.load(folder / 'mean.npy')
    assert mean.dtype == np.float32 and np.allclose(mean, np.mean(list(crops(folder)), 0), atol=1e-4)


@pytest.mark.parametrize('side, crop', [(16, 12), (49, 49)])
def test_the_crop_is_that_of_mmpretrain_for_every_height_and_width(side, crop):
    central_crop = runpy.run_path(str(TOOLS / 'dataset_converters' / f'{TOOL}.py'))['central_crop']
    _, resize, cut = transforms(side, crop)
    pixels = np.random.default_rng(0).integers(0, 256, (110, 110, 3), dtype=np.uint8)
    sizes = [(height, width) for height in range(16, 111, 5) for width in range(16, 111, 5)]
    sizes += [(length, other) for length in range(16, 111) for other in (length, 2 * length)]
    sizes += [size[::-1] for size in sizes]
    for height, width in sizes:
        image = pixels[np.arange(height) % 110][:, np.arange(width) % 110]
        expected = cut(resize(dict(img=image.copy())))['img']
        assert np.array_equal(central_crop(image, side, crop), expected), (height, width)


def test_whole_images_are_resized_to_squares(folder):
    result = make(folder, '--whole')
    assert result.returncode == 0
    images = [cv2.imread(str(folder / f'images/{index}.png')) for index in range(4)]
    expected = np.mean([cv2.resize(image, (16, 16)).astype(np.float64) for image in images], 0)
    found = np.load(folder / 'mean.npy')
    assert found.shape == (16, 16, 3) and np.allclose(found, expected, atol=1e-4)


def test_images_are_decoded_as_in_training(folder):
    """16-bit values are scaled to 8 bits, photos rotated as EXIF says, and transparent pixels keep their colour."""
    rng = np.random.default_rng(1)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(rng.integers(0, 1 << 16, (30, 20), dtype=np.uint16)).save(folder / 'images/0.png')
    colours = rng.integers(0, 256, (40, 33, 4), dtype=np.uint8)
    Image.fromarray(colours[:, :, :3]).save(folder / 'images/1.png', 'jpeg', exif=exif)
    Image.fromarray(colours).save(folder / 'images/2.png')
    assert make(folder).returncode == 0
    assert np.allclose(np.load(folder / 'mean.npy'), np.mean(list(crops(folder)), 0), atol=1e-4)


def test_an_image_that_training_cannot_decode_is_named_with_its_mode(folder):
    Image.new('F', (20, 20)).save(folder / 'images/2.png', 'tiff')
    assert_refused(make(folder), TOOL, "2.png' can't be read (", 'TIFF file of mode F: expected an image')


def test_num_draws_images_that_depend_on_the_seed(folder):
    each = list(crops(folder))
    drawn = []
    for seed in range(6):
        assert make(folder, '--num', 1, '--seed', seed).returncode == 0
        mean = np.load(folder / 'mean.npy')
        drawn += [index for index, crop in enumerate(each) if np.allclose(mean, crop)]
    assert len(drawn) == 6 and len(set(drawn)) > 1


@pytest.mark.parametrize(
    'options, message',
    [
        (['--num', 0], '--num=0: expected at least 1'),
        (['--crop', 17], '--side=16: expected at least --crop=17'),
        (['--seed', -1], '--seed=-1: expected at least 0'),
    ],
)
def test_options_out_of_range_are_refused(folder, options, message):
    assert_refused(make(folder, *options), TOOL, message)


def test_an_unreadable_image_is_named(folder):
    (folder / 'images/2.png').write_text('text')
    assert_refused(make(folder), TOOL, "2.png' can't be read (UnidentifiedImageError: ", 'check_image_list.py')
    assert not (folder / 'mean.npy').exists()
