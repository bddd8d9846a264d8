"""Cells and offsets of the output points of a bilinear enlargement."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.errors import ConfigError
from mmgb.functional.full_resolution.axis import Axis, enlarged_axes


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(0, 300), st.booleans())
def test_points_are_where_torch_interpolates(samples, more, align_corners):
    axis = Axis(samples, samples + more, align_corners)
    values = torch.randn(1, 1, 1, samples, dtype=torch.float64)
    expected = F.interpolate(values, (1, axis.points), mode='bilinear', align_corners=align_corners).flatten()
    low, high = (values.flatten()[index] for index in axis.corners(axis.cell))
    torch.testing.assert_close(torch.lerp(low, high, axis.offset), expected, rtol=0, atol=1e-12)
    assert axis.offset.min() >= 0 and axis.offset.max() <= 1 and axis.cell.diff().ge(0).all()


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(0, 300), st.booleans())
def test_patches_list_every_point_once_and_repeat_the_last(samples, more, align_corners):
    axis = Axis(samples, samples + more, align_corners)
    listed = [patch[:count].tolist() for patch, count in zip(axis.patches, axis.counts)]
    assert sum(listed, []) == list(range(axis.points)) and all(listed)
    assert all((patch[count:] == patch[count - 1]).all() for patch, count in zip(axis.patches, axis.counts))


def test_at_a_whole_stride_the_border_adds_clamped_points():
    axis = Axis(3, 12, False)
    assert axis.counts.tolist() == [6, 6]
    assert axis.offset.tolist() == [0, 0, 1 / 8, 3 / 8, 5 / 8, 7 / 8, 1 / 8, 3 / 8, 5 / 8, 7 / 8, 1, 1]


def test_scores_must_be_maps_that_are_not_larger_than_the_image():
    with pytest.raises(ConfigError, match=r'^scores of shape \(2, 5\): expected \(N, C, h, w\)'):
        enlarged_axes(torch.zeros(2, 5), (8, 8), False)
    with pytest.raises(ConfigError, match='^scores of 4 x 9 for an image of 8 x 8 pixels: expected scores that are at'):
        enlarged_axes(torch.zeros(2, 5, 4, 9), (8, 8), False)
