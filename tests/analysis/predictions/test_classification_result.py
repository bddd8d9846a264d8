"""Scores and labels of test results, and results that don't belong together."""

import numpy as np
import pytest
import torch
from helpers.scene_results import dump_samples, make_sample

from mmgb.analysis.predictions.classification_result import (
    ClassificationResult,
    check_same_images,
    classification_result,
)
from mmgb.analysis.predictions.result_file import read_samples

SCORES = torch.rand(3, 4, generator=torch.Generator().manual_seed(0))


def sample(index, label=True, **fields):
    """Data sample of the image ``a/INDEX.jpg``; its label is its index, unless ``label`` is False or a list."""
    labels = [index] if label is True else label or None
    return make_sample(f'a/{index}.jpg', SCORES[index], labels) | fields


def read(path):
    """Arrays of a result file."""
    return classification_result(read_samples(path), 'r.pkl')


def test_scores_labels_and_images_of_a_result_of_the_host(tmp_path):
    result = read(dump_samples(tmp_path / 'r.pkl', [sample(index) for index in range(3)]))
    assert result.images == ['a/0.jpg', 'a/1.jpg', 'a/2.jpg'] and result.labels == [(0,), (1,), (2,)]
    assert result.scores.dtype == np.float32 and (result.scores == SCORES.numpy()).all()


def test_images_may_have_several_labels_or_none(tmp_path):
    several = dump_samples(tmp_path / 'a.pkl', [sample(0, label=[1, 3]), sample(1, label=[2])])
    assert read(several).labels == [(1, 3), (2,)]
    none = dump_samples(tmp_path / 'b.pkl', [sample(0, label=False), sample(1, label=False)])
    assert read(none).labels is None


def test_images_without_a_path_are_named_by_their_position():
    samples = [dict(pred_score=SCORES[0], sample_idx=np.int64(7))]
    assert classification_result(samples, 'r.pkl').images == ['sample 7']


@pytest.mark.parametrize(
    'other, sentence',
    [
        ({'img_path': 'a/1.jpg', 'x': 1}, "^'r.pkl': image 'a/1.jpg': expected a pred_score, got only img_path, x$"),
        (sample(1, pred_score=torch.rand(5)), r'expected .* shape \(4,\) with finite values, got shape \(5,\) with 5'),
        (sample(1, pred_score=torch.tensor([1.0, torch.nan, 0, 0])), r'got shape \(4,\) with 3 finite values$'),
        (sample(1, label=False), "^'r.pkl': only one of the images 'a/0.jpg' and 'a/1.jpg' has a gt_label$"),
    ],
)
def test_inconsistent_samples_are_refused_by_name(other, sentence):
    with pytest.raises(ValueError, match=sentence):
        classification_result([sample(0), other], 'r.pkl')


@pytest.mark.parametrize(
    'other, sentence',
    [
        (dict(images=['a', 'b']), "^'x.pkl' and 'y.pkl' have different images: 3 and 2$"),
        (dict(images=['a', 'c', 'b']), r'different images: number 1 \(from 0\) is b and c'),
        (dict(scores=np.zeros((3, 5))), r'different classes: \(4,\) and \(5,\)'),
        (dict(labels=[(0,), (1,), (3,)]), r'different labels: number 2 \(from 0\) is \(2,\) and \(3,\)'),
        (dict(labels=None), 'different labels: only one of them has labels'),
    ],
)
def test_results_of_different_images_classes_or_labels_are_refused_by_name(other, sentence):
    first = ClassificationResult(['a', 'b', 'c'], np.zeros((3, 4)), [(0,), (1,), (2,)])
    check_same_images({'x.pkl': first, 'same.pkl': first._replace(scores=first.scores + 1)})
    with pytest.raises(ValueError, match=sentence):
        check_same_images({'x.pkl': first, 'y.pkl': first._replace(**other)})
