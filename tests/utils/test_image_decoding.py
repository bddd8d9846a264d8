"""Decoding against mmpretrain's own loading transform, for every mode that Pillow writes."""

import io

import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from PIL import Image

from mmgb.datasets.unreadable_images import unreadable_file
from mmgb.utils.image_decoding import check_label_map, decode_as_in_training, decode_completely

RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 256, (12, 16, 3), dtype=np.uint8)
PICTURE = Image.fromarray(COLOURS)
DEEP = Image.fromarray(RNG.integers(0, 1 << 16, (12, 16), dtype=np.uint16))
ROTATED = Image.Exif()
ROTATED[0x0112] = 6
FLOAT_TIFF = (Image.fromarray(RNG.random((12, 16), np.float32)), 'tiff', {})
TRAINABLE = {
    **{f'{mode}.png': (PICTURE.convert(mode), 'png', {}) for mode in ('1', 'L', 'LA', 'P', 'RGB', 'RGBA')},
    **{f'{mode}.jpg': (PICTURE.convert(mode), 'jpeg', {}) for mode in ('L', 'RGB', 'CMYK')},
    'I;16.png': (DEEP, 'png', {}),
    'I;16.tiff': (DEEP, 'tiff', {}),
    'rotated.jpg': (PICTURE, 'jpeg', dict(exif=ROTATED)),
}


def encode(image, kind, options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize('name', TRAINABLE)
def test_pixels_are_those_that_mmcv_loads_for_training(name, tmp_path):
    content = encode(*TRAINABLE[name])
    (tmp_path / name).write_bytes(content)
    expected = LoadImageFromFile()(dict(img_path=str(tmp_path / name)))['img']
    for decode in decode_as_in_training, decode_completely:
        found = decode(content)
        assert found.dtype == np.uint8 and (found == expected).all()


@pytest.mark.parametrize('decode', [decode_as_in_training, decode_completely])
def test_an_image_that_training_cannot_decode_is_refused_with_its_mode(decode, tmp_path):
    content = encode(*FLOAT_TIFF)
    (tmp_path / 'float.tiff').write_bytes(content)
    with pytest.raises(Exception):  # noqa: B017 - of any type: this is what the sentence spares the training
        LoadImageFromFile()(dict(img_path=str(tmp_path / 'float.tiff')))
    with pytest.raises(ValueError, match='^TIFF file of mode F: expected an image that OpenCV can convert to 8 bits'):
        decode(content)


@pytest.mark.parametrize('content', [b'', b'text', encode(*TRAINABLE['RGB.png'])[:60]])
def test_a_file_that_is_no_image_is_refused(content):
    with pytest.raises(Exception):  # noqa: B017 - Pillow's errors have no common type
        decode_as_in_training(content)


def test_complete_decoding_refuses_a_truncated_jpeg():
    content = encode(*TRAINABLE['RGB.jpg'])[:-80]
    with pytest.raises(OSError, match='truncated'):
        decode_completely(content)


@pytest.mark.parametrize('mode, accepted', [(mode, True) for mode in ('1', 'L', 'P', 'I', 'I;16')] + [
    (mode, False) for mode in ('LA', 'PA', 'RGB', 'RGBA', 'CMYK', 'YCbCr', 'HSV', 'F')
])  # fmt: skip
def test_label_maps_have_one_channel_of_integers(mode, accepted):
    label_map = np.array(Image.new(mode, (1, 5)))
    if accepted:
        check_label_map(label_map)
    else:
        with pytest.raises(ValueError, match=r'^expected one channel of integers .* got an image of shape \(5, 1'):
            check_label_map(label_map)


def test_the_reason_of_an_unreadable_image_names_its_mode(tmp_path):
    path = tmp_path / 'float.tiff'
    path.write_bytes(encode(*FLOAT_TIFF))
    assert unreadable_file(dict(img_path=str(path)), AssertionError())[1].startswith(
        'TIFF file of mode F: expected an image that OpenCV'
    )
