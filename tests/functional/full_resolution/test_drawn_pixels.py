"""Enlarged scores at selected pixels."""

import torch
from helpers.enlarged_cases import cases, enlarge, value_and_gradient
from hypothesis import given, settings

from mmgb.functional.full_resolution.drawn_pixels import scores_at_pixels


@settings(max_examples=30)
@given(cases())
def test_scores_and_gradients_are_those_of_the_enlarged_scores(case):
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(case.size[0] * case.size[1], (2, 9), generator=generator)
    factor = torch.randn(2, case.scores.shape[1], 9, 1, generator=generator, dtype=torch.float64)

    def drawn(scores):
        return scores_at_pixels(scores, pixels, case.size, case.align_corners)

    def expected(scores):
        index = pixels.unsqueeze(1).expand(-1, scores.shape[1], -1)
        return enlarge(scores, case).flatten(2).gather(2, index).unsqueeze(3)

    torch.testing.assert_close(drawn(case.scores), expected(case.scores), rtol=0, atol=1e-10)
    _, found = value_and_gradient(lambda x: (drawn(x) * factor).sum(), case.scores)
    _, slope = value_and_gradient(lambda x: (expected(x) * factor).sum(), case.scores)
    torch.testing.assert_close(found, slope, rtol=0, atol=1e-10)
