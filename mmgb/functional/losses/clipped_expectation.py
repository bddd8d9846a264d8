r"""Class probabilities of outputs whose error delta is clipped.

Let :math:`o` be the boosted output of a class of probability p, and :math:`t^- < t^+` its targets. At the minimum of
the loss the expected delta is 0. With deltas clipped to [-M, M] that is :math:`(1 - p)\, a = p\, b` for

.. math::
    a = \min(o - t^-, M), \qquad b = \min(t^+ - o, M)

Without clipping, or with :math:`M \ge t^+ - t^-`, the output is the expected target. A smaller bound draws it towards
the more frequent target, as Huber's loss draws the mean towards the median.
"""

from __future__ import annotations

from torch import Tensor


def clipped_probabilities(outputs: Tensor, targets: tuple[float, float], max_delta: float) -> Tensor:
    """Return the probability with which each boosted output has an expected clipped delta of 0.

    Args:
        outputs (Tensor): boosted outputs of any shape.
        targets (tuple[float, float]): targets of a wrong class and of the target class.
        max_delta (float): bound M > 0 of the delta.

    Returns:
        Tensor: probabilities in [0, 1], 0 below and 1 above the targets. With M below half the distance of the targets
            all outputs that are further than M from both have the probability 1/2.
    """
    negative, positive = targets
    bound = float(max_delta)  # ONNX has no clamp to an integer and a floating-point number
    above, below = (outputs - negative).clamp(0.0, bound), (positive - outputs).clamp(0.0, bound)
    return above / (above + below)


def clipped_output(probability: float, targets: tuple[float, float], max_delta: float) -> float:
    """Return the boosted output of a probability: the inverse of :func:`clipped_probabilities`."""
    negative, positive = targets
    if probability > 0.5:
        return negative + positive - clipped_output(1 - probability, targets, max_delta)
    distance = positive - negative
    if probability < 0.5 and (1 - probability) * distance > max_delta:  # b is clipped, and a isn't
        return negative + probability / (1 - probability) * max_delta
    return negative + probability * distance
