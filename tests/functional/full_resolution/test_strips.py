"""Losses of enlarged scores, strip by strip."""

import pytest
import torch
import torch.nn.functional as F
from helpers.enlarged_cases import IGNORE, LargestTensor, cases, enlarge, value_and_gradient
from hypothesis import given, settings

from mmgb.functional import ConfigError, loss_in_strips
from mmgb.functional.full_resolution import strips


def cross_entropy(labels):
    """Return cross-entropy's sum over the pixels of some rows."""
    return lambda enlarged, rows: F.cross_entropy(enlarged, labels[:, rows], ignore_index=IGNORE, reduction='sum')


@pytest.fixture(autouse=True)
def small_strips(monkeypatch):
    monkeypatch.setattr(strips, 'STRIP_SCORES', {True: 2**10})


@settings(max_examples=25)
@given(case=cases())
def test_cross_entropy_in_strips_is_that_of_the_enlarged_scores(case):
    summed = cross_entropy(case.labels)
    value, gradient = value_and_gradient(
        lambda scores: loss_in_strips(scores, case.size, summed, align_corners=case.align_corners), case.scores
    )
    expected, slope = value_and_gradient(lambda scores: summed(enlarge(scores, case), slice(None)), case.scores)
    torch.testing.assert_close(value, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, slope, rtol=1e-10, atol=1e-10)


def test_no_tensor_is_as_large_as_the_enlarged_scores():
    scores, labels = torch.randn(1, 8, 16, 16, requires_grad=True), torch.randint(8, (1, 128, 128))
    with LargestTensor() as largest:
        loss_in_strips(scores, (128, 128), cross_entropy(labels)).backward()
    assert 8 * 128 < largest.elements <= 2 * 2**10


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_scores_are_enlarged_in_float32_also_under_autocast(dtype):
    scores, labels = torch.randn(1, 5, 6, 7).to(dtype), torch.randint(5, (1, 24, 28))
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value, gradient = value_and_gradient(lambda x: loss_in_strips(x, (24, 28), cross_entropy(labels)), scores)
    expected, slope = value_and_gradient(lambda x: loss_in_strips(x, (24, 28), cross_entropy(labels)), scores.float())
    assert value.dtype == torch.float32 and gradient.dtype == dtype
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(gradient, slope.to(dtype))


def test_without_gradient_the_value_is_the_same():
    scores, labels = torch.randn(1, 5, 6, 7), torch.randint(5, (1, 24, 28))
    with torch.no_grad():
        value = loss_in_strips(scores.requires_grad_(), (24, 28), cross_entropy(labels))
    assert value == loss_in_strips(scores, (24, 28), cross_entropy(labels)) and not value.requires_grad


def test_scores_larger_than_the_size_are_refused():
    with pytest.raises(ConfigError, match='^scores of 6 x 7 for an image of 3 x 28 pixels'):
        loss_in_strips(torch.zeros(1, 5, 6, 7), (3, 28), cross_entropy(None))
