r"""Cross-entropy plus a penalty on its normaliser: the family that leads from softmax to exp-GB.

With C scores x of a sample and :math:`u = \ln \frac{1}{C} \sum_c e^{x_c}`, the loss of a sample is

.. math::
    \mathrm{CE} + \lambda\,(e^u - 1 - u)

:math:`\lambda = 0` is cross-entropy. :math:`\lambda = 1` is exp-GB with targets {0, T} and alpha = T/C, divided by T
(docs/losses.md). The penalty pins the normaliser: where u = 0 the exponentials of the scores, divided by C, are
probabilities.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

MOMENTUM = 0.9


class Samples(NamedTuple):
    """Images, (N, ...) float, and their labels, (N,) int64."""

    images: Tensor
    labels: Tensor


class Outcome(NamedTuple):
    """A trained network's error in percent, and the standard deviation of u over the samples; NaN if it diverged."""

    error: float
    spread: float


def log_normaliser(scores: Tensor) -> Tensor:
    """Return u of each sample, (N,), for scores (N, C)."""
    return scores.logsumexp(1) - math.log(scores.shape[1])


def penalised_cross_entropy(scores: Tensor, labels: Tensor, factor: float) -> Tensor:
    """Return the mean loss of the samples.

    Args:
        scores: (N, C) float.
        labels: (N,) int64, class indices.
        factor: lambda, >= 0.
    """
    loss = cross_entropy(scores, labels)
    if factor:
        u = log_normaliser(scores)
        loss = loss + factor * (torch.expm1(u) - u).mean()
    return loss


def batches(samples: Samples, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the samples in batches of ``size`` in random order, without the incomplete last one."""
    for rows in torch.randperm(len(samples.labels)).split(size):
        if len(rows) == size:
            yield samples.images[rows], samples.labels[rows]


def train(network: nn.Module, samples: Samples, factor: float, rate: float, epochs: int, batch: int) -> bool:
    """Train a network by SGD with momentum at a constant learning rate; return whether the loss stayed finite.

    Args:
        network: maps images to scores, (N, C).
        samples: training samples.
        factor: lambda of the loss.
        rate: learning rate.
        epochs: number of epochs.
        batch: images per step.
    """
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), rate, MOMENTUM)
    for images, labels in itertools.chain.from_iterable(batches(samples, batch) for _ in range(epochs)):
        loss = penalised_cross_entropy(network(images), labels, factor)
        if not torch.isfinite(loss):
            return False
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return True


@torch.no_grad()
def evaluate(network: nn.Module, samples: Samples) -> Outcome:
    """Return the error of a trained network and the spread of its normalisers."""
    network.eval()
    scores = torch.cat([network(images) for images in samples.images.split(500)])
    error = 100 * (scores.argmax(1) != samples.labels).double().mean().item()
    return Outcome(error, log_normaliser(scores).std().item())
