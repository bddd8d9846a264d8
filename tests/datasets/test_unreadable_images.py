"""Blame the file of a sample that can't be read, and no other one."""

import numpy as np
import pytest
from PIL import Image

from mmgb.datasets.unreadable_images import unreadable_file


@pytest.fixture
def info(tmp_path):
    image, labels = tmp_path / 'image.png', tmp_path / 'labels.png'
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(image)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(labels)
    return dict(img_path=str(image), seg_map_path=str(labels), img=None)


@pytest.mark.parametrize('key', ['img_path', 'seg_map_path'])
def test_the_file_that_cannot_be_decoded_is_blamed(info, key):
    with open(info[key], 'wb') as file:
        file.write(b'no image')
    path, reason = unreadable_file(info, AssertionError('failed to load'))
    assert path == info[key] and reason.startswith('UnidentifiedImageError: ')


def test_intact_files_are_blamed_for_errors_of_files_only(info):
    assert unreadable_file(info, KeyError('a bug')) is None
    assert unreadable_file(info, OSError('broken pipe')) == (info['img_path'], 'OSError: broken pipe')


def test_samples_without_files_are_never_blamed():
    assert unreadable_file(dict(img=np.zeros(3)), OSError('no space')) is None
