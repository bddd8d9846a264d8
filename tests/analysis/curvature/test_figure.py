"""Curves and densities in the figure of second derivatives."""

import math

import pytest
import torch

from mmgb.analysis.curvature.figure import curvature_figure

SCORES = torch.tensor([[2.0, 0.0, -1.0], [0.5, 4.0, -3.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 0])


def test_figure_has_the_hessians_the_boosted_losses_and_the_output_densities():
    left, right, behind, _ = curvature_figure({'net': (SCORES, LABELS)}).axes
    curves = {line.get_label(): line.get_xydata() for axes in (left, right) for line in axes.lines}
    x, y = curves['H_exp'].T
    assert torch.allclose(torch.tensor(y), torch.tensor(2 * math.e ** (2 * x) - math.e**x))
    x, y = curves['pow3-GB, alpha 0.001'].T
    assert torch.allclose(torch.tensor(y), torch.tensor(0.003 * x**2))
    assert max(curves['cross-entropy: y(1 - y)'][:, 1]) == pytest.approx(0.25, rel=1e-3)
    for patch, scores in zip(behind.patches, ([0.0, -1.0, 4.0, -3.0], [2.0, 0.5])):
        density, edges, _ = patch.get_data()
        assert density @ (edges[1:] - edges[:-1]) == pytest.approx(1)
        assert [sum(low <= x < high for x in scores) > 0 for low, high in zip(edges, edges[1:])] == list(density > 0)


def test_without_a_network_no_density_is_drawn():
    assert [len(axes.patches) for axes in curvature_figure({}).axes] == [0, 0]
