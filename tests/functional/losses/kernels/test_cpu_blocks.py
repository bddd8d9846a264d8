"""The evaluation in blocks equals the differentiable formula."""

from unittest import mock

import pytest
import torch
from helpers.loss_cases import LOSSES, assert_equals_the_formula, cases
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.kernels import cpu_blocks


@pytest.mark.parametrize('loss, setting', LOSSES)
@settings(max_examples=150)
@given(case=cases(), block=st.sampled_from([8, 100, 2**17]))
def test_blocks_equal_the_formula_for_every_shape_layout_target_and_weight(loss, setting, case, block):
    with mock.patch.multiple(cpu_blocks, LABEL_BLOCK=block, CLASS_SCORE_BLOCK=block):
        assert_equals_the_formula(loss, setting, *case)


@pytest.mark.parametrize('shape, size', [((7, 3), 6), ((2, 3, 5), 6), ((5, 2, 4, 3), 50), ((0, 3), 6)])
def test_blocks_cover_each_score_once(shape, size):
    covered, samples = torch.zeros(shape), torch.zeros(shape[:1] + shape[2:])
    for block in cpu_blocks._blocks(covered, size):
        covered[block.scores] += 1
        samples[block.samples] += 1
    assert (covered == 1).all() and (samples == 1).all()


def test_only_the_wanted_results_are_returned():
    formula, scores, labels = ExpGB(0.1, (0.0, 16.0)), torch.randn(4, 3), torch.tensor([0, 1, 2, 0])
    arguments = formula, scores, labels, torch.ones(4), torch.tensor(0.25)
    loss, gradient = cpu_blocks.evaluate(*arguments, per_sample=False, want_loss=True, want_gradient=True)
    alone = cpu_blocks.evaluate(*arguments, per_sample=False, want_loss=False, want_gradient=True)
    assert alone[0] is None and torch.equal(alone[1], gradient)
    each, nothing = cpu_blocks.evaluate(*arguments, per_sample=True, want_loss=True, want_gradient=False)
    assert nothing is None and each.shape == (4,)
    torch.testing.assert_close(each.sum(), loss)
