"""Expected calibration error, from sums that can be added up over batches and processes.

Source: Guo et al., *On Calibration of Modern Neural Networks* (2017), Section 2.
"""

import torch
from torch import Tensor


def calibration_histogram(probabilities: Tensor, labels: Tensor, num_bins: int) -> Tensor:
    """Sort predictions by their confidence into bins of equal width.

    Args:
        probabilities: (N, C), of each class.
        labels: (N), the true classes.
        num_bins: of the confidences 0 to 1.

    Returns:
        (3, num_bins) float64: number of predictions, sum of their confidences, number of right ones.
    """
    confidence, predicted = probabilities.double().max(dim=1)
    bins = (confidence * num_bins).long().clamp(0, num_bins - 1)
    histogram = confidence.new_zeros(3, num_bins)
    for row, values in enumerate((torch.ones_like(confidence), confidence, (predicted == labels).double())):
        histogram[row].scatter_add_(0, bins, values)
    return histogram


def expected_calibration_error(histogram: Tensor) -> float:
    """Mean absolute difference between confidence and accuracy of the bins, weighted by their predictions.

    Args:
        histogram: of :func:`calibration_histogram`, summed over all batches.

    Returns:
        0 to 1; 0 for an empty histogram.
    """
    count, confidence, right = histogram
    return ((confidence - right).abs().sum() / count.sum().clamp(min=1)).item()
