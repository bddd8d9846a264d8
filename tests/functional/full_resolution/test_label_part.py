"""The part of a loss of enlarged scores that depends on the labels."""

import torch
from helpers.enlarged_cases import IGNORE, cases, enlarge, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.full_resolution.axis import enlarged_axes
from mmgb.functional.full_resolution.label_part import label_part
from mmgb.functional.losses.pow3_gb import Pow3GB


@settings(max_examples=20)
@given(cases(), st.sampled_from([None, 1.5]))
def test_value_and_gradient_are_those_of_the_enlarged_scores(case, max_delta):
    formula = Pow3GB(0.1, 0.3, (0.0, 2.0), max_delta)
    weight = (case.labels != IGNORE).double()
    labels = case.labels.masked_fill(weight == 0, 0).unsqueeze(1)

    def reference(scores):
        at_label = enlarge(scores, case).gather(1, labels).squeeze(1)
        delta = formula.delta(at_label, 2.0) - formula.delta(at_label, 0.0)
        value = formula.potential(at_label, 2.0) - formula.potential(at_label, 0.0)
        # The value with the gradient that the deltas give.
        return ((value - at_label * delta).detach() * weight + at_label * delta.detach() * weight).sum()

    axes = enlarged_axes(case.scores, case.size, case.align_corners)
    gradient, rest = label_part(formula, case.scores, case.labels, weight, axes)
    value, slope = value_and_gradient(reference, case.scores)
    torch.testing.assert_close(gradient, slope, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(rest + (gradient * case.scores).sum(), value, rtol=1e-12, atol=1e-10)
