"""Feed a boosted loss's probabilities to hosts that apply softmax or sigmoid to scores.

The hosts' heads and test-time augmentation hard-code softmax (sigmoid for several labels) for every loss:

- One label, exp-GB with negative target 0: softmax gives the loss's normalized probabilities.
- One label, pow3-GB: softmax keeps the argmax of a single prediction, but averages of several predictions differ.
- Several labels: the sigmoid is wrong for both losses. For exp-GB with targets {0, 16} and alpha 0.1, a probability of
  0.5 is at a score of ln 80, not 0.

The functions below return scores for which the host's own function yields the loss's probabilities.
"""

from typing import Protocol

from torch import Tensor

TINY = 1e-12  # probability below which scores are clamped, to keep their logarithm finite


class BoostedLoss(Protocol):
    """A loss that estimates class probabilities, such as mmgb's ``ExpGBLoss`` and ``Pow3GBLoss``."""

    def probabilities(self, scores: Tensor) -> Tensor: ...


def softmax_logits(loss: BoostedLoss, scores: Tensor) -> Tensor:
    """Return scores whose softmax is the loss's probabilities, normalized to sum 1.

    Args:
        loss: boosted loss that the scores were trained with.
        scores: linear outputs (N, C, ...).
    """
    return loss.probabilities(scores).clamp(min=TINY).log()


def sigmoid_logits(loss: BoostedLoss, scores: Tensor) -> Tensor:
    """Return scores whose sigmoid is the loss's probability of each class.

    Args:
        loss: boosted loss that the scores were trained with.
        scores: linear outputs (N, C, ...).

    Returns:
        Scores of the same shape; a probability of 1 may give infinity, whose sigmoid is 1.
    """
    return loss.probabilities(scores).logit(eps=TINY)
