"""Averaged scores, and data samples that carry them."""

import numpy as np
import pytest
import torch

from mmgb.analysis.predictions.ensemble import mean_scores, with_scores


def probabilities(seed):
    scores = np.random.default_rng(seed).random((20, 6), dtype=np.float32)
    return scores / scores.sum(1, keepdims=True)


def test_arithmetic_mean_averages_each_score():
    scores = [probabilities(seed) for seed in range(3)]
    mean = mean_scores(scores)
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, (scores[0] + scores[1] + scores[2]) / 3, rtol=1e-6)


def test_geometric_mean_orders_classes_like_the_product_even_if_that_underflows():
    scores = [probabilities(seed) for seed in range(3)]
    mean = mean_scores(scores, 'geometric')
    assert (mean.argsort(1) == (scores[0] * scores[1] * scores[2]).argsort(1)).all()
    np.testing.assert_allclose(mean_scores([np.full((1, 2), 1e-30)] * 4, 'geometric'), 1e-30, rtol=1e-5)


def test_geometric_mean_is_0_for_a_class_that_one_network_gives_0():
    assert mean_scores([np.array([[0, 1.0]]), np.array([[0.5, 0.5]])], 'geometric')[0, 0] == 0


@pytest.mark.parametrize(
    'scores, mean, sentence',
    [
        ([[[-1.0, 1.0]]], 'geometric', "mean='geometric': expected scores of at least 0, got -1"),
        ([[[0.0, 1.0]]], 'median', "mean='median': expected 'arithmetic' or 'geometric'"),
    ],
)
def test_negative_scores_and_unknown_means_are_refused(scores, mean, sentence):
    with pytest.raises(ValueError, match=sentence):
        mean_scores([np.array(each) for each in scores], mean)


def test_averaged_samples_keep_image_and_label_but_not_the_old_prediction():
    old = dict(img_path='a.jpg', gt_label=torch.tensor([1]), pred_score=torch.tensor([1.0, 0.0]), scale_factor=2)
    scores = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
    sample, _ = with_scores([old, old], scores)
    assert set(sample) == {'img_path', 'gt_label', 'pred_score', 'pred_label'} and sample['img_path'] == 'a.jpg'
    assert sample['pred_score'].tolist() == [0.25, 0.75] and sample['pred_label'].tolist() == [1]
    assert sample['pred_score'].untyped_storage().nbytes() == 8  # of this image alone


def test_samples_of_several_labels_get_no_label_of_the_highest_score():
    samples = [dict(pred_label=torch.tensor(labels), gt_label=torch.tensor([0])) for labels in ([1], [], [0, 1])]
    scores = np.array([[0.25, 0.75], [0.1, 0.2], [0.9, 0.8]], np.float32)
    averaged = with_scores(samples, scores)
    assert [sample['pred_score'].tolist() for sample in averaged] == scores.tolist()
    assert not any('pred_label' in sample for sample in averaged)
