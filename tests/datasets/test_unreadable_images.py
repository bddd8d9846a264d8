"""Blame the file of a sample that can't be read, and no other one."""

import numpy as np
import pytest
from PIL import Image
from torch.utils.data import DataLoader

from mmgb.datasets.unreadable_images import UnreadableImageError, UnreadableImagePolicy, unreadable_file
from mmgb.functional.errors import ConfigError


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


class Unreadable:
    """A data set whose only sample can't be read."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        policy = UnreadableImagePolicy('raise', max_refetch=0, test_mode=False, fix='remove it')
        return policy.load(lambda idx: open('no such file'), lambda idx: dict(img_path='no such file'), index, 1, 'it')


@pytest.mark.parametrize('workers', [0, 1])
def test_the_error_is_one_sentence_of_invalid_input_also_from_a_worker(workers):
    with pytest.raises(UnreadableImageError) as caught:
        list(DataLoader(Unreadable(), num_workers=workers))
    assert isinstance(caught.value, ConfigError) and isinstance(caught.value, OSError)
    reason = "FileNotFoundError: [Errno 2] No such file or directory: 'no such file'"
    assert (
        str(caught.value) == f"'no such file' can't be read ({reason}): replace it, remove it, or set on_error='skip'"
    )
