"""The highest-scoring classes."""

import numpy as np
import pytest

from mmgb.analysis.predictions.top_labels import is_correct, spread_evenly, top_labels


def test_top_labels_are_sorted_by_score_and_ties_by_class():
    scores = np.array([[0.1, 0.5, 0.1, 0.3], [0.2, 0.2, 0.2, 0.2]])
    assert top_labels(scores, 3).tolist() == [[1, 3, 0], [0, 1, 2]]


@pytest.mark.parametrize('count', [0, 5])
def test_a_count_of_top_labels_out_of_range_is_refused(count):
    with pytest.raises(ValueError, match=f'the top {count} of 4 classes: expected 1 to 4'):
        top_labels(np.zeros((2, 4)), count)


def test_an_image_is_correct_if_one_of_its_labels_is_among_the_top():
    assert is_correct(np.array([[1, 2], [1, 2], [1, 2]]), [(2,), (0,), (0, 1)]).tolist() == [True, False, True]


def test_chosen_positions_are_spread_evenly_and_never_repeated():
    positions = np.array([10, 11, 12, 13, 14])
    assert spread_evenly(positions, 3).tolist() == [10, 12, 14]
    assert spread_evenly(positions, 9).tolist() == positions.tolist()
