"""The calibration error equals its definition and is computed from sums over batches."""

import pytest
import torch

from mmgb.functional.calibration import calibration_histogram, expected_calibration_error


def test_error_is_the_weighted_gap_between_confidence_and_accuracy():
    # Four predictions at 0.9, of which three are correct, and a wrong one at 0.55:
    # 4/5 * |0.75 - 0.9| + 1/5 * |0 - 0.55|.
    probabilities = torch.tensor([[0.9, 0.1]] * 4 + [[0.45, 0.55]])
    labels = torch.tensor([0, 0, 0, 1, 0])
    histogram = calibration_histogram(probabilities, labels, 10)
    assert expected_calibration_error(histogram) == pytest.approx(0.8 * 0.15 + 0.2 * 0.55, abs=1e-6)


def test_histograms_add_up_over_batches():
    torch.manual_seed(0)
    probabilities, labels = torch.rand(100, 5), torch.randint(5, (100,))
    parts = sum(calibration_histogram(p, y, 15) for p, y in zip(probabilities.split(30), labels.split(30)))
    assert torch.allclose(parts, calibration_histogram(probabilities, labels, 15))


def test_calibrated_predictions_have_error_0_and_wrong_certain_ones_error_1():
    torch.manual_seed(0)
    first = torch.rand(200_000)
    probabilities = torch.stack([first, 1 - first], 1)
    labels = (torch.rand(200_000) > first).long()
    assert expected_calibration_error(calibration_histogram(probabilities, labels, 15)) < 0.01
    certain = torch.tensor([[1.0, 0.0]] * 8)
    assert expected_calibration_error(calibration_histogram(certain, torch.ones(8, dtype=torch.long), 15)) == 1
    assert expected_calibration_error(torch.zeros(3, 15)) == 0
