import numpy as np
import pytest

from mmgb.analysis.predictions.ensemble import mean_scores


def probabilities(seed):
    scores = np.random.default_rng(seed).random((20, 6), dtype=np.float32)
    return scores / scores.sum(1, keepdims=True)


def test_arithmetic_mean_is_the_mean_of_each_score():
    scores = [probabilities(seed) for seed in range(3)]
    mean = mean_scores(scores)
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, (scores[0] + scores[1] + scores[2]) / 3, rtol=1e-6)


def test_geometric_mean_orders_classes_as_their_product_does_even_where_that_underflows():
    scores = [probabilities(seed) for seed in range(3)]
    mean = mean_scores(scores, 'geometric')
    assert (mean.argsort(1) == (scores[0] * scores[1] * scores[2]).argsort(1)).all()
    np.testing.assert_allclose(mean_scores([np.full((1, 2), 1e-30)] * 4, 'geometric'), 1e-30, rtol=1e-5)


def test_a_class_that_one_network_excludes_is_excluded_by_the_geometric_mean():
    assert mean_scores([np.array([[0, 1.0]]), np.array([[0.5, 0.5]])], 'geometric')[0, 0] == 0


@pytest.mark.parametrize(
    'scores, mean, sentence',
    [
        ([[[-1.0, 1.0]]], 'geometric', "mean='geometric': a score is -1; expected none below 0"),
        ([[[0.0, 1.0]]], 'median', "mean='median': expected 'arithmetic' or 'geometric'"),
    ],
)
def test_what_has_no_mean_is_refused(scores, mean, sentence):
    with pytest.raises(ValueError, match=sentence):
        mean_scores([np.array(each) for each in scores], mean)
