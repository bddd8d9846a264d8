"""ImageList against a plain Python list of dictionaries."""

import pickle

import numpy as np
import pytest

from mmgb.datasets.image_list import ImageList
from mmgb.datasets.shared_array import SharedArray


def make(entries):
    """Build an ImageList of (path, label) pairs without the parser."""
    paths = [path.encode() for path, _ in entries]
    lengths = np.array([len(path) for path in paths], np.int32)
    starts = np.cumsum(lengths) - lengths
    labels = np.array([label for _, label in entries], np.int32)
    return ImageList(*map(SharedArray, (np.frombuffer(b''.join(paths), np.uint8), starts, lengths, labels)))


def as_list(images):
    return [(images[i]['img_path'], images[i]['gt_label']) for i in range(len(images))]


ENTRIES = [(f'folder/é{i}.jpg' * (i % 3 + 1), i % 4) for i in range(10)]


def test_entries_are_dictionaries_of_path_and_label():
    images = make(ENTRIES)
    assert images[3] == dict(img_path='folder/é3.jpg', gt_label=3)
    assert images[-1] == images[np.int64(9)]
    with pytest.raises(IndexError):
        images[10]


def test_slices_and_arrays_of_positions_select_as_in_a_python_list():
    images = make(ENTRIES)
    assert as_list(images) == ENTRIES
    assert as_list(images[2:-3]) == ENTRIES[2:-3]
    selected = images[np.array([7, 0, 7, -1])]
    assert as_list(selected) == [ENTRIES[i] for i in (7, 0, 7, -1)]
    assert selected.labels.tolist() == [3, 0, 3, 1] and len(images[:0]) == 0
    assert as_list(selected[1:]) == [ENTRIES[i] for i in (0, 7, -1)]


def test_labels_are_read_only():
    with pytest.raises(ValueError, match='read-only'):
        make(ENTRIES).labels[0] = 1


def test_a_pickle_holds_the_same_entries():
    assert as_list(pickle.loads(pickle.dumps(make(ENTRIES)[1:4]))) == ENTRIES[1:4]
