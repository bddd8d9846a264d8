"""Histograms of output deltas against numpy."""

import numpy as np
import torch

from mmgb.engine.gradient_recording.loss_calls import LossCall
from mmgb.engine.gradient_recording.output_deltas import OutputDeltas, bin_deltas


def deltas_of(gradient, divisor=1, valid=None):
    deltas = OutputDeltas(LossCall(gradient, valid, divisor))
    deltas.set_gradient(gradient)
    return deltas


def test_deltas_are_the_gradient_times_the_divisor_and_the_factor():
    gradient = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    binned = bin_deltas([deltas_of(gradient, divisor=6)], factor=0.25)
    expected = gradient.numpy() * 6 * 0.25
    assert np.allclose(binned.edges, np.linspace(expected.min(), expected.max(), 201))
    assert binned.counts == np.histogram(expected, binned.edges)[0].tolist()
    assert binned.not_finite == 0


def test_several_calls_of_a_loss_share_one_histogram():
    first, second = torch.tensor([[-1.0, 0.5]]), torch.tensor([[2.0, 3.0]])
    binned = bin_deltas([deltas_of(first), deltas_of(second)], 1.0)
    assert (binned.edges[0], binned.edges[-1]) == (-1.0, 3.0) and sum(binned.counts) == 4


def test_ignored_pixels_are_not_counted():
    gradient = torch.tensor([[[-1.0, 0.0, 0.0, 0.5], [1.0, 0.0, 0.25, 0.0]]])  # (N, C, pixels)
    valid = torch.tensor([[True, False, True, True]])
    binned = bin_deltas([deltas_of(gradient, valid=valid)], 1.0)
    assert binned.counts == np.histogram(gradient[:, :, [0, 2, 3]].numpy(), binned.edges)[0].tolist()


def test_non_finite_deltas_are_counted_apart():
    binned = bin_deltas([deltas_of(torch.tensor([[np.nan, np.inf, -2.0, 2.0]]))], 1.0)
    assert binned.not_finite == 2 and sum(binned.counts) == 2 and binned.edges[-1] == 2.0


def test_equal_and_non_finite_deltas_get_a_range_of_one():
    assert bin_deltas([deltas_of(torch.full((2, 2), 3.0))], 1.0).edges[::200] == [2.5, 3.5]
    assert bin_deltas([deltas_of(torch.full((2, 2), np.nan))], 1.0).edges[::200] == [-0.5, 0.5]


def test_scores_without_a_backward_pass_give_no_histogram():
    assert bin_deltas([OutputDeltas(LossCall(torch.ones(1, 2), None, 1))], 1.0) is None
