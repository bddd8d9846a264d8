import numpy as np
import pytest

from mmgb.analysis.predictions.top_labels import is_right, submission_lines, top_labels

TOP = np.array([[3, 0, 2, 1, 5], [5, 4, 3, 2, 1]])
IMAGES = ['z/b.jpg', 'y/a.jpg']  # the file names' order isn't that of the paths' places


def test_top_labels_are_sorted_by_score_and_equal_ones_by_class():
    scores = np.array([[0.1, 0.5, 0.1, 0.3], [0.2, 0.2, 0.2, 0.2]])
    assert top_labels(scores, 3).tolist() == [[1, 3, 0], [0, 1, 2]]


@pytest.mark.parametrize('count', [0, 5])
def test_more_top_labels_than_classes_are_refused(count):
    with pytest.raises(ValueError, match=f'the top {count} of 4 classes: expected 1 to 4'):
        top_labels(np.zeros((2, 4)), count)


def test_an_image_is_right_if_one_of_its_labels_is_among_the_top():
    assert is_right(np.array([[1, 2], [1, 2], [1, 2]]), [(2,), (0,), (0, 1)]).tolist() == [True, False, True]


def test_ilsvrc_lines_are_labels_from_one_in_the_order_of_the_file_names():
    assert submission_lines(IMAGES, TOP, 'ilsvrc') == ['6 5 4 3 2', '4 1 3 2 6']


def test_places_lines_are_file_name_and_labels_from_zero():
    assert submission_lines(IMAGES, TOP, 'places') == ['a.jpg 5 4 3 2 1', 'b.jpg 3 0 2 1 5']


def test_names_are_for_people_and_may_hold_spaces():
    names = ['airport', 'art gallery', 'bar', 'campus', 'desert', 'sky']
    lines = submission_lines(IMAGES, TOP, 'names', names)
    assert lines[1].split('\t') == ['b.jpg', 'campus', 'airport', 'bar', 'art gallery', 'sky']


@pytest.mark.parametrize('style, line', [('ilsvrc', '40 10 30 20 60'), ('places', 'b.jpg 40 10 30 20 60')])
def test_given_numbers_take_the_place_of_the_classes_own(style, line):
    assert submission_lines(IMAGES, TOP, style, label_ids=[10, 20, 30, 40, 50, 60])[1] == line
