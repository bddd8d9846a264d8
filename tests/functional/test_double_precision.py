"""Tensors become float64, on the CPU where their device has no float64: no function needs it on the scores' device."""

from functools import partial

import pytest
import torch
from helpers.pretend_device import PretendDevice

from mmgb.functional.calibration import calibration_histogram
from mmgb.functional.double_precision import to_float64, with_float64
from mmgb.functional.gradient_statistics import (
    active_counts,
    finite_range,
    histogram,
    histogram_edges,
    moments,
    normaliser_sums,
    saturated_counts,
    squares,
)
from mmgb.functional.hypercolumn import draw_valid_pixels, interpolate_at, interpolate_grid, pixel_coordinates
from mmgb.functional.spatial_pyramid import adaptive_pyramid_pool, spatial_pyramid_pool
from mmgb.models.losses import ExpGBLoss, Pow3GBLoss
from mmgb.models.ordered_probabilities import (
    normalized_probabilities,
    ordered_class_probabilities,
    ordered_label_probabilities,
)


def test_tensors_stay_on_devices_that_have_float64():
    converted = to_float64(torch.ones(3, dtype=torch.float16, device='meta'))
    assert converted.dtype == torch.float64 and converted.device.type == 'meta'


def test_tensors_of_devices_without_float64_move_to_the_cpu():
    with PretendDevice() as device:
        values = device.tensor(torch.arange(3))
        converted = to_float64(values)
        assert with_float64(values).dtype == values.dtype
        with pytest.raises(TypeError, match='float64'):
            values.double()
    assert converted.dtype == torch.float64 and converted.tolist() == [0, 1, 2] and converted.device.type == 'cpu'


SCORES = torch.randn(2, 5, 14, 14, generator=torch.Generator().manual_seed(0))
BROKEN = SCORES.masked_fill(SCORES > 2, torch.inf)
LABELS = torch.arange(2 * 5) % 5
PIXELS = torch.tensor([[3, 20], [7, 11]])


def of_pixels(scores):
    return pixel_coordinates(PIXELS.to(scores.device), 14)


FUNCTIONS = dict(
    moments=moments,
    squares=squares,
    active_counts=active_counts,
    saturated_counts=partial(saturated_counts, low=-1, high=1),
    normaliser_sums=normaliser_sums,
    normaliser_of_valid=lambda scores: normaliser_sums(scores, scores[:, 0] > 0),
    finite_range=finite_range,
    finite_range_of_infinity=lambda scores: finite_range(scores / 0),
    histogram=lambda scores: histogram(scores, histogram_edges(-2, 2)),
    calibration=lambda scores: calibration_histogram(scores.softmax(1)[:, :, 0, 0], LABELS[:2].to(scores.device), 15),
    interpolate_at=lambda scores: interpolate_at(scores, of_pixels(scores), 2, 0.5),
    interpolate_grid=lambda scores: interpolate_grid(scores, *of_pixels(scores)[0].T, 2, 0.5),
    spatial_pyramid=spatial_pyramid_pool,
    adaptive_pyramid=adaptive_pyramid_pool,
    normalized=partial(normalized_probabilities, Pow3GBLoss()),
    ordered_classes=lambda scores: ordered_class_probabilities(Pow3GBLoss(), scores[:, :, 0, 0]),
    ordered_labels=lambda scores: ordered_label_probabilities(ExpGBLoss(), scores[:, :, 0, 0]),
)


@pytest.mark.parametrize('name', FUNCTIONS)
@pytest.mark.parametrize('scores', [SCORES, BROKEN, SCORES.half()], ids=['float32', 'infinite', 'float16'])
def test_functions_need_no_float64_on_the_scores_device(name, scores):
    expected = FUNCTIONS[name](scores)
    with PretendDevice() as device:
        found = FUNCTIONS[name](device.tensor(scores))
        assert found.device.type == 'cpu' or found.dtype != torch.float64
        found = found.cpu()
    assert torch.equal(found.nan_to_num(), expected.nan_to_num())


def test_drawn_pixels_need_no_float64():
    with PretendDevice() as device:
        pixels = draw_valid_pixels(device.tensor(torch.arange(12).view(1, 3, 4)), 12, 255).cpu()
    assert sorted(pixels.flatten().tolist()) == list(range(12))
