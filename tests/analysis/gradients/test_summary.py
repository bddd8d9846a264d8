"""Summaries of recorded gradients, compared with numbers worked out by hand."""

import json

import numpy as np
import pytest

from mmgb.analysis.gradients.summary import delta_range, summarise_run
from mmgb.utils.gradient_records import DeltaHistogram

NAN, INF = float('nan'), float('inf')


def histogram_at(step, epoch, loss='head.loss', values=(-1.0, 0.0, 1.0), not_finite=0):
    counts, edges = np.histogram(values, bins=200)
    return DeltaHistogram(step, epoch, 1, loss, edges.tolist(), counts.tolist(), not_finite)


HISTOGRAMS = [histogram_at(step, epoch) for step, epoch in ((1, 1), (3, 1), (5, 2), (7, 3), (8, 3))]


def test_rms_is_averaged_over_the_records_of_the_first_and_of_the_last_epoch():
    curve = [(1, 1.0), (3, 2.0), (5, 100.0), (7, 7.0), (8, 8.0), (9, 1000.0)]  # iteration 9 has no known epoch
    summary = summarise_run({'error_rms': {'conv': curve, 'dead': [(1, 0.0), (7, 1.0)]}}, HISTOGRAMS, {})
    assert summary['epochs'] == [1, 3]
    assert summary['error_rms'] == {
        'conv': dict(first=1.5, last=7.5, last_over_first=5.0),
        'dead': dict(first=0.0, last=1.0, last_over_first=None),
    }


def test_softmax_normaliser_has_its_first_record_and_its_mean_in_the_last_epoch():
    stats = {
        'softmax_normaliser_mean': {'head.loss': [(1, 10.0), (5, 20.0), (7, 30.0), (8, 50.0)]},
        'softmax_normaliser_sum': {'head.loss': [(1, 80.0), (7, 240.0), (8, 400.0)]},
    }
    assert summarise_run(stats, HISTOGRAMS, {})['softmax_normaliser'] == {
        'head.loss': dict(mean=dict(first_record=10.0, last_epoch=40.0), sum=dict(first_record=80.0, last_epoch=320.0))
    }


def test_non_finite_numbers_become_none():
    stats = {
        'error_rms': {'conv': [(1, 1.0), (7, NAN), (8, 2.0)]},
        'softmax_normaliser_mean': {'head.loss': [(1, INF), (7, 3.0)]},
    }
    summary = json.loads(json.dumps(summarise_run(stats, HISTOGRAMS, {}), allow_nan=False))
    assert summary['error_rms']['conv'] == dict(first=1.0, last=None, last_over_first=None)
    assert summary['softmax_normaliser']['head.loss']['mean'] == dict(first_record=None, last_epoch=3.0)


def test_without_histograms_no_epoch_is_known():
    summary = summarise_run({'error_rms': {'conv': [(1, 1.0)]}}, [], {})
    assert summary == dict(
        epochs=[], error_rms={}, weight_grad_mean={}, weight_grad_ratio={}, softmax_normaliser={}, deltas={}
    )


def test_range_of_deltas_is_exact_and_its_middle_leaves_out_at_most_1_percent_on_each_side():
    values = np.random.default_rng(0).standard_normal(5000) ** 3
    found = delta_range(histogram_at(1, 1, values=values, not_finite=2))
    assert found['range'] == pytest.approx([values.min(), values.max()], rel=1e-12) and found['not_finite'] == 2
    low, high = found['middle_98_percent']
    bin_width = np.ptp(values) / 200
    assert (values < low).mean() <= 0.01 < (values < low + bin_width).mean()
    assert (values > high).mean() <= 0.01 < (values > high - bin_width).mean()


def test_empty_bins_at_the_ends_do_not_widen_the_range_and_no_delta_gives_none():
    histogram = DeltaHistogram(1, 1, 1, 'head.loss', [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [0, 2, 0, 1, 0], 0)
    assert delta_range(histogram)['range'] == delta_range(histogram)['middle_98_percent'] == [1.0, 4.0]
    assert delta_range(histogram._replace(counts=[0] * 5, not_finite=3)) == dict(
        range=None, middle_98_percent=None, not_finite=3
    )


def test_weight_gradients_are_summarised_like_error_gradients():
    curves = {'conv': [(1, 1.0), (3, 2.0), (7, 7.0), (8, 8.0)]}
    summary = summarise_run(dict(error_rms=curves, weight_grad_mean=curves, weight_grad_ratio=curves), HISTOGRAMS, {})
    assert summary['weight_grad_mean'] == summary['weight_grad_ratio'] == summary['error_rms']
