"""Spatial pyramid pooling follows the released rule on each window; adaptive bins are another function."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional import spatial_pyramid_pool
from mmgb.functional.spatial_pyramid import adaptive_pyramid_pool, pyramid_kernels


def released_pyramid(window):
    """Pool one (C, 14, 14) window value by value, in levels with kernel and stride 14, 7, 5 and 2."""
    values = []
    for kernel in (14, 7, 5, 2):
        for channel in window.tolist():
            for top in range(0, 14, kernel):
                for left in range(0, 14, kernel):
                    values.append(max(max(row[left : left + kernel]) for row in channel[top : top + kernel]))
    return values


def test_values_on_14x14_cells_equal_the_released_rule_in_its_order():
    features = torch.randn(2, 3, 14, 14, generator=torch.Generator().manual_seed(0))
    pooled = spatial_pyramid_pool(features)
    assert pooled.shape == (2, 1, 3 * (1 + 4 + 9 + 49))
    for n in range(2):
        assert pooled[n, 0].tolist() == released_pyramid(features[n])


def test_the_map_of_model_b_gives_32256_values():
    assert spatial_pyramid_pool(torch.zeros(1, 512, 14, 14)).shape == (1, 1, 32_256)


def test_a_larger_map_gives_the_values_of_each_window_in_row_major_order():
    features = torch.randn(2, 2, 15, 17, generator=torch.Generator().manual_seed(0))
    pooled = spatial_pyramid_pool(features)
    assert pooled.shape == (2, 2 * 4, 2 * 63)
    for n in range(2):
        windows = [features[n, :, top : top + 14, left : left + 14] for top in range(2) for left in range(4)]
        assert pooled[n].tolist() == [released_pyramid(window) for window in windows]


def test_the_gradient_is_that_of_finite_differences():
    features = torch.randn(1, 2, 14, 14, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(spatial_pyramid_pool, features.requires_grad_())


@settings(max_examples=30)
@given(window=st.integers(1, 20), seed=st.integers(0, 999))
def test_every_possible_level_covers_its_window_exactly_once(window, seed):
    """The reference has ceil(window / kernel) bins per side, of which only the last may be smaller."""
    features = torch.randn(1, 1, window, window, generator=torch.Generator().manual_seed(seed))
    for bins in range(1, window + 1):
        kernel = math.ceil(window / bins)
        edges = list(range(0, window, kernel))
        if len(edges) != bins:
            with pytest.raises(ValueError, match='impossible'):
                spatial_pyramid_pool(features, (bins,), window)
            continue
        expected = [
            features[0, 0, top : top + kernel, left : left + kernel].max().item() for top in edges for left in edges
        ]
        assert spatial_pyramid_pool(features, (bins,), window)[0, 0].tolist() == expected


def test_kernels_equal_those_of_the_released_network():
    assert pyramid_kernels((7, 3, 2, 1)) == (2, 5, 7, 14)


@settings(max_examples=30)
@given(height=st.integers(1, 20), width=st.integers(1, 20), seed=st.integers(0, 999))
def test_adaptive_bins_cover_a_map_of_any_size_evenly(height, width, seed):
    features = torch.randn(1, 2, height, width, generator=torch.Generator().manual_seed(seed))

    def spans(size, bins):
        return [slice(i * size // bins, -((i + 1) * -size // bins)) for i in range(bins)]

    expected = [
        features[0, c, rows, columns].max().item()
        for bins in (1, 2, 3, 7)
        for c in range(2)
        for rows in spans(height, bins)
        for columns in spans(width, bins)
    ]
    assert adaptive_pyramid_pool(features)[0].tolist() == expected


def test_adaptive_bins_are_not_the_released_rule():
    features = torch.randn(1, 8, 14, 14, generator=torch.Generator().manual_seed(0))
    released, adaptive = spatial_pyramid_pool(features)[0, 0], adaptive_pyramid_pool(features)[0]
    three = slice(8 * 5, 8 * 14)  # between the levels of 1 and 4 bins and that of 49
    assert torch.equal(released[: 8 * 5], adaptive[: 8 * 5]) and torch.equal(released[8 * 14 :], adaptive[8 * 14 :])
    assert not torch.equal(released[three], adaptive[three])


@pytest.mark.parametrize(
    'cells, message',
    [
        (
            16,
            r'bins=\(1, 2, 3, 7\): 7 bins a side are impossible in a window of 16 cells; expected some of '
            r'\[1, 2, 3, 4, 6, 8, 16\]',
        ),
        (24, r'7 bins a side are impossible in a window of 24 cells'),
    ],
)
def test_bins_that_do_not_fit_the_window_are_rejected(cells, message):
    with pytest.raises(ValueError, match=message):
        spatial_pyramid_pool(torch.zeros(1, 1, cells, cells), window=cells)


def test_a_map_smaller_than_the_window_is_rejected():
    with pytest.raises(ValueError, match='feature map of 13x20 cells is smaller than the window of 14x14'):
        spatial_pyramid_pool(torch.zeros(1, 1, 13, 20))
