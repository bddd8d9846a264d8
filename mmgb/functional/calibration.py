r"""Expected calibration error, from sums that can be added over batches and processes.

Source: Guo et al., *On Calibration of Modern Neural Networks* (2017), Section 2. Predictions are sorted into bins of
equal width by their confidence, the largest probability of the prediction. With :math:`n_b` of :math:`n` predictions in
bin :math:`b`,

.. math::
    \mathrm{ECE} = \sum_b \frac{n_b}{n} \, |\mathrm{accuracy}_b - \mathrm{confidence}_b|
"""

from __future__ import annotations

import torch
from torch import Tensor

from .double_precision import to_float64


def calibration_histogram(
    probabilities: Tensor, labels: Tensor, num_bins: int, predicted: Tensor | None = None
) -> Tensor:
    """Sum up predictions in bins of equal width by their confidence.

    Args:
        probabilities (Tensor): predicted probability of each class, shape (N, C).
        labels (Tensor): target classes, shape (N,).
        num_bins (int): number of equal-width bins on [0, 1].
        predicted (Tensor): predicted classes, shape (N,). None: the classes of the highest probability, the first of
            equal ones.

    Returns:
        Per bin the number of predictions, the sum of their confidences and the number of correct predictions, shape
        (3, num_bins), float64.
    """
    confidence, most_probable = probabilities.max(dim=1)
    correct = to_float64((most_probable if predicted is None else predicted) == labels)
    confidence = to_float64(confidence)
    bins = (confidence * num_bins).long().clamp(0, num_bins - 1)
    histogram = confidence.new_zeros(3, num_bins)
    for row, values in enumerate((torch.ones_like(confidence), confidence, correct)):
        histogram[row].scatter_add_(0, bins, values)
    return histogram


def expected_calibration_error(histogram: Tensor) -> float:
    """Average the absolute difference between confidence and accuracy over all predictions.

    Args:
        histogram (Tensor): sum of the results of :func:`calibration_histogram` over all batches.

    Returns:
        Error in [0, 1]; 0 for an empty histogram.
    """
    count, confidence, correct = histogram
    return ((confidence - correct).abs().sum() / count.sum().clamp(min=1)).item()
