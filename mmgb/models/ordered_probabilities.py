"""A boosted loss's probabilities as predictions: in the strict order of the scores, so that clamping causes no ties.

The hosts' heads and test-time augmentation hard-code softmax (sigmoid for several labels), whatever the loss:

- One label, exp-GB with negative target 0: softmax gives the loss's normalized probabilities, as long as no score
  exceeds the fit of the target class, the labels aren't smoothed and no delta between the fits is clipped.
- One label, pow3-GB: softmax keeps the argmax of a single prediction, but averages of several predictions differ.
- Several labels: the sigmoid is wrong for both losses. For exp-GB with targets {0, 16} and alpha 0.1, a probability of
  0.5 is at a score of ln 80, not 0.

A loss's probabilities are clamped to [0, 1], so classes whose scores are beyond the fits have equal ones. Evaluators
rank ``pred_score``; therefore the functions below raise equal probabilities by a few units in the last place, in the
order of the scores.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

TINY = 1e-12  # lowest probability: a positive normal number also after it is divided by the number of classes
STEP = 4  # units in the last place between neighbouring classes; 2 of them survive a division by a sum near 1


class BoostedLoss(Protocol):
    """A loss that estimates class probabilities, such as mmgb's ``ExpGBLoss`` and ``Pow3GBLoss``."""

    def probabilities(self, scores: Tensor) -> Tensor: ...


def predicting_head(model: nn.Module) -> nn.Module | None:
    """Return the head whose scores a model of either host predicts with; None if it has none."""
    head = getattr(model, 'decode_head', None) or getattr(model, 'head', None)
    return head[-1] if isinstance(head, nn.ModuleList) else head  # a cascade predicts with its last head


def boosted_loss(head: nn.Module) -> BoostedLoss | None:
    """Return the loss of a head of either host whose probabilities are its predictions.

    Args:
        head: decode head or classification head. Of a list of losses it is the first of mmgb's.

    Returns:
        The loss; None if the head has none of mmgb's.
    """
    losses = losses_of(head)
    return next((loss for loss in losses if hasattr(loss, 'probabilities')), None)


def losses_of(head: nn.Module) -> list[nn.Module]:
    """Return the losses of a head of either host."""
    losses = getattr(head, 'loss_decode', getattr(head, 'loss_module', []))
    return list(losses) if isinstance(losses, (nn.ModuleList, list, tuple)) else [losses]


def normalized_probabilities(loss: BoostedLoss, scores: Tensor) -> Tensor:
    """Return the loss's probabilities, normalized to sum 1 over the classes; clamped classes have equal ones.

    Args:
        loss: boosted loss that the scores were trained with.
        scores: linear outputs (N, C, ...).

    Returns:
        Positive float32 probabilities of the same shape.
    """
    probabilities = _positive_probabilities(loss, scores)
    return probabilities / probabilities.sum(1, keepdim=True)


def ordered_class_probabilities(loss: BoostedLoss, scores: Tensor) -> Tensor:
    """Return probabilities of one label per image: sum 1 over the classes, in the strict order of the scores.

    Args:
        loss: boosted loss that the scores were trained with.
        scores: linear outputs (N, C).

    Returns:
        Positive float32 probabilities (N, C).
    """
    probabilities = _in_order_of(scores, normalized_probabilities(loss, scores))
    return probabilities / probabilities.sum(1, keepdim=True)


def ordered_label_probabilities(loss: BoostedLoss, scores: Tensor) -> Tensor:
    """Return the probability of each of several labels, at most 1, in the strict order of the scores.

    Args:
        loss: boosted loss that the scores were trained with.
        scores: linear outputs (N, C).

    Returns:
        Positive float32 probabilities (N, C).
    """
    probabilities = _in_order_of(scores, _positive_probabilities(loss, scores))
    return probabilities / probabilities.amax(1, keepdim=True).clamp(min=1)


def _positive_probabilities(loss: BoostedLoss, scores: Tensor) -> Tensor:
    precise = scores.to(torch.promote_types(scores.dtype, torch.float32))
    return loss.probabilities(precise).float().clamp(min=TINY)


def _in_order_of(scores: Tensor, probabilities: Tensor) -> Tensor:
    """Raise probabilities so that each is at least ``STEP`` units in the last place above that of a lower score.

    The bits of positive float32 numbers, read as integers, have the order of the numbers and distance 1.
    """
    ascending, order = scores.sort(dim=1)
    steps = torch.zeros_like(order)
    steps[:, 1:] = STEP * (ascending[:, 1:] > ascending[:, :-1]).cumsum(1)
    bits = probabilities.gather(1, order).view(torch.int32).long()
    raised = (bits - steps).cummax(1).values + steps
    return torch.empty_like(probabilities).scatter_(1, order, raised.int().view(torch.float32))
