"""Statistics from the sums of several parts equal those of the whole tensor, computed by numpy."""

import numpy as np
import pytest
import torch

from mmgb.functional.gradient_statistics import (
    HISTOGRAM_BINS,
    active_counts,
    finite_range,
    histogram,
    histogram_edges,
    moments,
    normaliser_sums,
    rms,
    saturated_counts,
    share,
    squares,
    variance,
)


def random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_sums_of_parts_give_the_variance_and_rms_of_the_whole():
    values = random(6, 4, 5) * 3 + 2
    whole = values.double().numpy()
    parts = values.split([1, 3, 2])
    assert variance(sum(map(moments, parts))) == pytest.approx(whole.var(), rel=1e-6)
    assert rms(sum(map(squares, parts))) == pytest.approx(np.sqrt((whole**2).mean()), rel=1e-6)


def test_variance_is_accurate_for_a_large_mean():
    values = random(1000) + 2000
    assert variance(moments(values)) == pytest.approx(values.double().numpy().var(), rel=1e-5)


@pytest.mark.parametrize('scale', [1e-30, 1e30])
def test_squares_outside_the_range_of_float32_are_accurate(scale):
    values = random(100) * scale
    assert rms(squares(values)) == pytest.approx(np.sqrt((values.double().numpy() ** 2).mean()), rel=1e-6)


@pytest.mark.parametrize('shape, units', [((5, 3), 1), ((5, 3, 2, 2), 1), ((5, 2, 3), 2)])
def test_a_unit_is_a_channel(shape, units):
    output = random(*shape).abs()
    output.select(units, 1).zero_()
    output.select(units, 2)[0] = 0
    counts = active_counts(output)
    assert (counts == 0).tolist() == [False, True, False] and counts[0] == output.numel() / 3


def test_saturated_values_are_those_with_a_slope_below_four_percent():
    x = torch.linspace(-6, 6, 1001, dtype=torch.float64)
    for output, low, high in ((torch.sigmoid(x), 0.0, 1.0), (torch.tanh(x / 2), -1.0, 1.0)):
        fraction = (output - low) / (high - low)
        slope = 4 * fraction * (1 - fraction)
        assert share(saturated_counts(output, low, high)) == (slope < 4 * 0.01 * 0.99).double().mean()


def test_normalizers_are_summed_over_valid_pixels_only():
    scores, valid = random(2, 4, 3, 3), random(2, 3, 3) > 0
    expected = np.exp(scores.double().numpy()).sum(1)[valid.numpy()]
    count, total = normaliser_sums(scores, valid).tolist()
    assert count == valid.sum() and total == pytest.approx(expected.sum(), rel=1e-6)
    assert normaliser_sums(scores)[0] == 18


def test_a_normalizer_outside_the_range_of_float32_is_finite():
    assert normaliser_sums(torch.full((1, 2), 200.0))[1] == pytest.approx(2 * np.exp(200.0), rel=1e-4)


def test_histograms_of_parts_in_their_common_range_sum_to_that_of_the_whole():
    parts = [random(50) - 3, random(70) * 4]
    low, high = (torch.stack([finite_range(part) for part in parts]).amax(0) * torch.tensor([-1, 1])).tolist()
    whole = torch.cat(parts).numpy()
    assert (low, high) == (whole.min(), whole.max())
    edges = histogram_edges(low, high)
    counts = sum(histogram(part, edges) for part in parts).numpy()
    expected, expected_edges = np.histogram(whole.astype(float), HISTOGRAM_BINS, (low, high))
    assert (counts == expected).all() and counts.sum() == 120
    assert np.allclose(edges, expected_edges, rtol=0, atol=1e-12)


def test_range_and_histogram_skip_non_finite_values():
    values = torch.tensor([1.0, torch.nan, -2.0, torch.inf])
    assert finite_range(values).tolist() == [2, 1]
    assert histogram(values, histogram_edges(-2.0, 1.0)).sum() == 2
    assert finite_range(values[1:2]).tolist() == finite_range(values[:0]).tolist() == [-np.inf, -np.inf]
