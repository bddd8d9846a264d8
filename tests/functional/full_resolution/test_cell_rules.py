"""Quadrature rules for the points of a cell."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.full_resolution.axis import Axis
from mmgb.functional.full_resolution.cell_rules import gauss_nodes, interpolatory_nodes

AXES = st.builds(
    lambda samples, more, align: Axis(samples, samples + more, align),
    st.integers(1, 9),
    st.integers(0, 99),
    st.booleans(),
)


def offsets_of_nodes(rule, axis):
    """Return the offset of each Gauss node in its cell, read from the interpolation matrix."""
    ramp = torch.arange(axis.samples, dtype=torch.float64)
    return rule.enlarge @ ramp - rule.cell


@settings(max_examples=40)
@given(AXES, st.integers(1, 5))
def test_gauss_is_exact_up_to_degree_2m_minus_1(axis, most):
    rule = gauss_nodes(axis, most)
    offset = offsets_of_nodes(rule, axis)
    for degree in range(2 * most):
        expected = torch.zeros(axis.cells, dtype=torch.float64).index_add(0, axis.cell, axis.offset**degree)
        found = torch.zeros(axis.cells, dtype=torch.float64).index_add(0, rule.cell, rule.weight * offset**degree)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    assert rule.weight.min() > 0 and torch.bincount(rule.cell).max() <= most
    assert [rule.first[cell] for cell in rule.cell] == torch.searchsorted(rule.cell, rule.cell).tolist()


@settings(max_examples=40)
@given(AXES, st.integers(1, 4), st.floats(-6, 6))
def test_the_remainder_bounds_the_error_of_an_exponential(axis, most, rate):
    rule = gauss_nodes(axis, most)
    offset = offsets_of_nodes(rule, axis)
    for cell in range(axis.cells):
        exact = (rate * axis.offset[axis.cell == cell]).exp().mean()
        found = (rule.weight * (rate * offset).exp())[rule.cell == cell].sum() / axis.counts[cell]
        assert abs(found - exact) <= rule.remainder[cell] * rate ** (2 * most) * math.exp(max(rate, 0)) + 1e-12 * exact


@settings(max_examples=40)
@given(AXES, st.one_of(st.integers(1, 6), st.just(math.inf)), st.integers(0, 2**31))
def test_interpolatory_rules_are_exact_up_to_degree_m_minus_1_for_any_weights(axis, most, seed):
    weight = torch.randn(axis.points, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    rule = interpolatory_nodes(axis, most)
    assert rule.offset.shape[1] <= most
    node_weight = (rule.transfer.mT @ weight[axis.patches].unsqueeze(2)).squeeze(2)
    for degree in range(int(min(most, 6))):
        for cell in range(axis.cells):
            inside = axis.cell == cell
            expected = (weight[inside] * axis.offset[inside] ** degree).sum()
            torch.testing.assert_close((node_weight[cell] * rule.offset[cell] ** degree).sum(), expected)
