"""The accuracy of enlarged scores without the enlarged scores."""

import pytest
import torch
from helpers.enlarged_cases import IGNORE, LargestTensor, cases, enlarge
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.errors import ConfigError
from mmgb.functional.full_resolution.accuracy import upsampled_accuracy


@settings(max_examples=40)
@given(cases(), st.booleans())
def test_accuracy_is_that_of_the_enlarged_scores(case, confident):
    """With confident scores, one class has the largest score at all corners of most cells."""
    scores = case.scores
    if confident:
        scores = scores + 50 * (torch.arange(scores.shape[1]) == 1).view(1, -1, 1, 1)
    predicted, valid = enlarge(scores, case).argmax(1), case.labels != IGNORE
    expected = 100 * (predicted == case.labels)[valid].double().mean().nan_to_num(1)  # mmseg: 100 if all are ignored
    found = upsampled_accuracy(scores, case.labels, align_corners=case.align_corners, ignore_index=IGNORE)
    assert found.shape == (1,)
    torch.testing.assert_close(found[0].double(), expected, rtol=1e-5, atol=1e-3)


def test_no_tensor_is_as_large_as_the_enlarged_scores():
    scores, labels = torch.randn(1, 32, 32, 32), torch.randint(32, (1, 512, 512))
    with LargestTensor() as largest:
        upsampled_accuracy(scores, labels)
    assert largest.elements <= 32 * 512 * 512 / 4


def test_labels_smaller_than_the_scores_are_refused():
    with pytest.raises(ConfigError, match='^scores of 4 x 4 for an image of 3 x 3 pixels'):
        upsampled_accuracy(torch.zeros(1, 2, 4, 4), torch.zeros(1, 3, 3).long())
