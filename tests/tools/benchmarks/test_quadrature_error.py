"""The error of exp-GB's quadrature is measured against enlarged scores, and compared with its bound."""

import pytest
import torch
from helpers.tiny_runs import TOOLS

from mmgb.functional.full_resolution.axis import enlarged_axes
from mmgb.functional.losses.exp_gb import ExpGB


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import quadrature_error

    return quadrature_error


@pytest.mark.parametrize('max_delta', [None, 1.0])
def test_white_noise_keeps_the_bound_and_rough_scores_are_computed_in_strips(tool, max_delta):
    generator = torch.Generator().manual_seed(0)
    scores, labels = torch.randn(1, 5, 9, 9, generator=generator), torch.randint(5, (1, 72, 72), generator=generator)
    formula = ExpGB(0.06, (0.0, 0.3), max_delta)
    smooth, rough = (tool.quadrature_error(factor * scores, labels, formula, False, 255) for factor in (1, 6))
    assert 0 < smooth['of_bound'] < 1 and smooth['relative_error'] < 1e-3 and smooth['at_pixels'] < 1
    assert rough['at_pixels'] == 1 and rough['relative_error'] < 1e-6


def test_the_pixels_of_a_sample_are_those_of_the_cells_around_it(tool):
    # Stride 8: four pixels before the first sample belong to the first cell, those of the last sample to the last one.
    found = tool._pixels_of_samples(enlarged_axes(torch.zeros(1, 1, 4, 1), (32, 5), False))
    assert found.flatten().tolist() == [12 * 10, 20 * 10, 20 * 10, 12 * 10], 'a single sample is both ends of its cell'
