"""Data sets that test results belong to."""

import numpy as np
import pytest
from PIL import Image

from mmgb.analysis.predictions.tested_dataset import check_images, class_names, read_image


class Dataset:
    """Minimal interface of mmpretrain's data sets."""

    def __init__(self, infos, classes=None):
        self.infos, self.metainfo = infos, {} if classes is None else {'classes': classes}

    def __len__(self):
        return len(self.infos)

    def get_data_info(self, index):
        return self.infos[index]


PATHS = Dataset([{'img_path': 'a.jpg'}, {'img_path': 'b.jpg'}], ('bar', 'sky'))


def test_images_in_the_same_order_and_images_without_a_path_are_accepted():
    check_images(PATHS, ['a.jpg', 'b.jpg'], 'r.pkl')
    check_images(Dataset([{'img': np.zeros((2, 2))}]), ['sample 0'], 'r.pkl')


def test_a_different_number_or_path_of_images_is_refused():
    with pytest.raises(ValueError, match="^result='r.pkl' has 1 images, the config's test data set 2$"):
        check_images(PATHS, ['a.jpg'], 'r.pkl')
    with pytest.raises(ValueError, match=r"^result='r.pkl': image 1 \(from 0\) is 'c.jpg', but 'b.jpg' in"):
        check_images(PATHS, ['a.jpg', 'c.jpg'], 'r.pkl')


def test_classes_have_the_data_sets_names_or_numbers():
    assert class_names(PATHS, 2) == ['bar', 'sky']
    assert class_names(Dataset([]), 2) == ['class 0', 'class 1']
    with pytest.raises(ValueError, match='has 2 classes, the result 3'):
        class_names(PATHS, 3)


def test_images_are_read_from_arrays_and_from_files(tmp_path):
    Image.fromarray(np.full((3, 4), 7, np.uint8)).save(tmp_path / 'a.png')
    dataset = Dataset([{'img_path': str(tmp_path / 'a.png')}, {'img': np.full((3, 4, 1), 8)}])
    assert np.array_equal(read_image(dataset, 0), np.full((3, 4, 3), 7))
    assert np.array_equal(read_image(dataset, 1), np.full((3, 4), 8))


def test_an_image_of_16_bits_is_scaled_as_in_training(tmp_path):
    Image.fromarray(np.full((3, 4), 0x8000, np.uint16)).save(tmp_path / 'a.png')
    assert np.array_equal(read_image(Dataset([{'img_path': str(tmp_path / 'a.png')}]), 0), np.full((3, 4, 3), 128))


def test_an_unreadable_image_is_named(tmp_path):
    (tmp_path / 'a.png').write_text('no image')
    with pytest.raises(ValueError, match="a.png' can't be read: UnidentifiedImageError"):
        read_image(Dataset([{'img_path': str(tmp_path / 'a.png')}]), 0)
