"""Cells with their corners and pixels."""

import torch
from helpers.enlarged_cases import cases, enlarge
from hypothesis import given, settings

from mmgb.functional.full_resolution.axis import enlarged_axes
from mmgb.functional.full_resolution.mixed_cells import Cells, corner_shares


@settings(max_examples=25)
@given(cases())
def test_corners_and_shares_interpolate_the_scores_at_the_pixels_of_a_cell(case):
    axes = enlarged_axes(case.scores, case.size, case.align_corners)
    every = torch.ones(2, axes[0].cells, axes[1].cells).nonzero().unbind(1)
    for cells in Cells(*every, axes).split(7):
        corners = case.scores.view(-1)[cells.corner_indices(case.scores.shape)]
        vertical, horizontal = (
            axis.offset[axis.patches[index]] for axis, index in zip(axes, (cells.row, cells.column))
        )
        found = corner_shares(vertical, horizontal) @ corners
        for channel, of_channel in enumerate(enlarge(case.scores, case).unbind(1)):
            torch.testing.assert_close(found[..., channel], cells.pixels(of_channel).flatten(1), rtol=0, atol=1e-11)


def test_no_cells_make_no_chunk():
    axes = enlarged_axes(torch.zeros(1, 1, 2, 2), (4, 4), False)
    empty = torch.zeros(0, dtype=torch.long)
    assert Cells(empty, empty, empty, axes).split(3) == []
