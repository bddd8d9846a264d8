"""Challenge files of top-5 predictions."""

import numpy as np
import pytest

from mmgb.analysis.predictions.challenge_file import read_label_ids, submission_lines

TOP = np.array([[3, 0, 2, 1, 5], [5, 4, 3, 2, 1]])
IMAGES = ['z/b.jpg', 'y/a.jpg']  # ordered by path, but not by file name


def test_ilsvrc_lines_have_labels_from_1_in_the_order_of_the_file_names():
    assert submission_lines(IMAGES, TOP, 'ilsvrc') == ['6 5 4 3 2', '4 1 3 2 6']


def test_places_lines_have_file_names_and_labels_from_0():
    assert submission_lines(IMAGES, TOP, 'places') == ['a.jpg 5 4 3 2 1', 'b.jpg 3 0 2 1 5']


def test_names_may_contain_spaces():
    names = ['airport', 'art gallery', 'bar', 'campus', 'desert', 'sky']
    lines = submission_lines(IMAGES, TOP, 'names', names)
    assert lines[1].split('\t') == ['b.jpg', 'campus', 'airport', 'bar', 'art gallery', 'sky']


@pytest.mark.parametrize('style, line', [('ilsvrc', '40 10 30 20 60'), ('places', 'b.jpg 40 10 30 20 60')])
def test_label_ids_replace_the_labels(style, line):
    assert submission_lines(IMAGES, TOP, style, label_ids=[10, 20, 30, 40, 50, 60])[1] == line


def test_label_ids_are_read_one_per_line(tmp_path):
    (tmp_path / 'ids.txt').write_text('30\n10\n20\n')
    assert read_label_ids(tmp_path / 'ids.txt', 3) == [30, 10, 20]


@pytest.mark.parametrize(
    'content, sentence',
    [
        ('1\n2\n', 'expected 3 distinct numbers, one per class, got 2 numbers of which 2 are distinct'),
        ('1\n2\n1\n', 'expected 3 distinct numbers, one per class, got 3 numbers of which 2 are distinct'),
        ('1\nx\n2\n', 'expected one integer per line: ValueError'),
        (None, 'expected one integer per line: FileNotFoundError'),
    ],
)
def test_files_without_one_number_per_class_are_refused(content, sentence, tmp_path):
    if content is not None:
        (tmp_path / 'ids.txt').write_text(content)
    with pytest.raises(ValueError, match=f"^--label-ids='{tmp_path}/ids.txt': {sentence}"):
        read_label_ids(tmp_path / 'ids.txt', 3)
