"""pow3-GB: its quartic, and the effect of beta."""

import numpy as np
import torch

from mmgb.functional import pow3_gb_loss
from mmgb.functional.losses.pow3_gb import Pow3GB


def test_value_is_the_quartic_minus_its_minimum():
    scores = torch.linspace(-30, 30, 13, dtype=torch.float64)
    for t in (-2.0, 0.0, 10.0):
        fit = np.cbrt((t - 0.4) / 0.001)

        def quartic(x, t=t):
            return 0.001 / 4 * x**4 + (0.4 - t) * x

        torch.testing.assert_close(
            Pow3GB(0.001, 0.4, (0.0, 10.0)).potential(scores, t), quartic(scores) - quartic(fit), rtol=1e-12, atol=1e-12
        )


def test_with_beta_at_the_negative_target_only_the_target_class_has_a_linear_term():
    """Then the loss is alpha/4 * sum x**4 - (T - t0) * x_y plus a constant, and a wrong score of 0 has no gradient."""
    scores = torch.tensor([[0.0, 3.0, -2.0], [1.0, 0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    pow3_gb_loss(scores, torch.tensor([1, 0]), beta=0.0, targets=(0.0, 10.0), reduction='sum').backward()
    expected = 0.001 * scores.detach() ** 3 - torch.tensor([[0.0, 10.0, 0.0], [10.0, 0.0, 0.0]])
    torch.testing.assert_close(scores.grad, expected)
