"""Sampled pixels, interpolated maps, and the first layer applied before or after the interpolation."""

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mmgb.functional.hypercolumn import (
    LinearPart,
    crop_to_image,
    draw_valid_pixels,
    hypercolumn_linear,
    interpolate_at,
    interpolate_grid,
    pixel_coordinates,
    split_first_layer,
    sum_at,
    sum_on_grid,
)

PADDING = 100
STRIDES = (1, 2, 4, 8, 16, 32)
OFFSETS = (0, 0.5, 1.5, 3.5, 7.5, 111.5)


def bilinear(feature, x, y):
    """Interpolate one map at one point, given in cells and clamped to the map."""
    height, width = feature.shape[1:]
    x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    x0, y0 = int(x), int(y)
    x1, y1 = min(x0 + 1, width - 1), min(y0 + 1, height - 1)
    fx, fy = x - x0, y - y0
    return (1 - fy) * ((1 - fx) * feature[:, y0, x0] + fx * feature[:, y0, x1]) + fy * (
        (1 - fx) * feature[:, y1, x0] + fx * feature[:, y1, x1]
    )


@settings(max_examples=50)
@given(
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    stride=st.sampled_from([1, 2, 32, 224]),
    offset=st.floats(-50, 120),
    seed=st.integers(0, 999),
)
def test_interpolation_equals_the_formula_of_the_released_code(height, width, stride, offset, seed):
    generator = torch.Generator().manual_seed(seed)
    feature = torch.randn(1, 3, height, width, generator=generator, dtype=torch.float64)
    points = torch.randint(0, 300, (1, 7, 2), generator=generator).double()
    result = interpolate_at(feature, points, stride, offset)
    for p, (x, y) in enumerate(points[0].tolist()):
        expected = bilinear(feature[0], (x - offset) / stride, (y - offset) / stride)
        assert torch.allclose(result[0, :, p, 0], expected, atol=1e-12)


@settings(max_examples=50)
@given(
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    stride=st.sampled_from([1, 2, 32, 224]),
    offset=st.floats(-50, 120),
    first=st.integers(0, 100),
)
def test_interpolation_on_a_grid_equals_interpolation_at_its_points(height, width, stride, offset, first):
    torch.manual_seed(0)
    feature = torch.randn(2, 3, height, width, dtype=torch.float64)
    rows, columns = torch.arange(first, first + 4), torch.arange(5)
    points = torch.cartesian_prod(rows, columns).flip(1).expand(2, -1, -1)
    expected = interpolate_at(feature, points, stride, offset).view(2, 3, 4, 5)
    assert torch.allclose(interpolate_grid(feature, rows, columns, stride, offset), expected, atol=1e-12)


@settings(max_examples=40)
@given(
    dtype_and_width=st.sampled_from(
        [(torch.bfloat16, 600), (torch.float16, 600), (torch.float16, 2200), (torch.bfloat16, 2200)]
    ),
    stage=st.integers(0, 5),
    padding=st.sampled_from([0, 37, PADDING]),
    autocast=st.booleans(),
    seed=st.integers(0, 999),
)
def test_half_precision_maps_are_read_at_the_same_positions_as_float32_maps(
    dtype_and_width, stage, padding, autocast, seed
):
    dtype, width = dtype_and_width
    generator = torch.Generator().manual_seed(seed)
    stride, offset = STRIDES[stage], OFFSETS[stage] - padding
    cells = [-(-(size + 2 * padding) // stride) for size in (8, width)]
    feature = torch.randn(1, 2, *cells, generator=generator).to(dtype)
    rows, columns = torch.arange(3, 5), torch.arange(width)
    points = torch.cartesian_prod(rows, columns).flip(1).unsqueeze(0).float()
    expected_at = interpolate_at(feature.float(), points, stride, offset)
    expected_grid = interpolate_grid(feature.float(), rows, columns, stride, offset)
    with torch.autocast('cpu', dtype=dtype, enabled=autocast):
        found_at = interpolate_at(feature, points, stride, offset)
        found_grid = interpolate_grid(feature, rows, columns, stride, offset)
    for found, expected in ((found_at, expected_at), (found_grid, expected_grid)):
        assert found.dtype == dtype
        assert torch.equal(found, expected.to(dtype))


@pytest.mark.parametrize('stage, stride, offset', list(zip(range(6), STRIDES, OFFSETS)))
def test_offsets_are_the_centres_of_the_receptive_fields(stage, stride, offset):
    """The gradient of one cell with respect to the input is symmetric about the cell's centre."""
    layers = []
    for _ in range(min(stage, 4)):
        layers += [nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.AvgPool2d(2, ceil_mode=True)]
    layers.append(nn.Conv2d(1, 1, 3, padding=1, bias=False))
    if stage == 5:
        layers += [nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(1, 1, 7, bias=False)]
    network = nn.Sequential(*layers)
    for parameter in network.parameters():
        nn.init.ones_(parameter)
    image = torch.zeros(1, 1, 448, 448, requires_grad=True)
    output = network(image)
    cell = output.shape[-1] // 2  # far from the borders
    output[0, 0, cell, cell].backward()
    mass = image.grad[0, 0].sum(0).double()
    centre = (mass * torch.arange(448)).sum() / mass.sum()
    assert centre.item() == pytest.approx(cell * stride + offset, abs=1e-3)


@settings(max_examples=30)
@given(
    height=st.integers(5, 40),
    width=st.integers(5, 40),
    stride=st.sampled_from(STRIDES),
    padding=st.integers(0, 60),
    seed=st.integers(0, 999),
)
def test_cropping_changes_no_interpolated_pixel_of_the_image(height, width, stride, padding, seed):
    generator = torch.Generator().manual_seed(seed)
    cells = [-(-(size + 2 * padding) // stride) for size in (height, width)]
    feature = torch.randn(1, 2, *cells, generator=generator, dtype=torch.float64)
    offset = (stride - 1) / 2 - padding
    cropped, cropped_offset = crop_to_image(feature, (height, width), stride, offset)
    points = pixel_coordinates(torch.arange(height * width).unsqueeze(0), width)
    assert torch.allclose(
        interpolate_at(cropped, points, stride, cropped_offset),
        interpolate_at(feature, points, stride, offset),
        atol=1e-12,
    )
    assert cropped.shape[2] <= (height - 1) / stride + 3 and cropped.shape[3] <= (width - 1) / stride + 3


def test_factorised_layer_equals_the_literal_hypercolumn_in_value_and_gradient():
    torch.manual_seed(0)
    features = [
        torch.randn(2, c, s, s, dtype=torch.float64, requires_grad=True) for c, s in ((4, 32), (6, 16), (8, 8), (10, 2))
    ]
    strides, offsets = (1, 2, 4, 16), (0, 0.5, 1.5, 7.5)
    weight = torch.randn(5, 28, 1, 1, dtype=torch.float64, requires_grad=True)
    points = pixel_coordinates(torch.randint(32 * 32, (2, 70)), 32).double()

    # Reference: build the hypercolumn by concatenating the interpolated maps, then apply the layer.
    column = torch.cat([interpolate_at(*args) for args in zip(features, [points] * 4, strides, offsets)], 1)
    literal = torch.einsum('ki,bipq->bkpq', weight[:, :, 0, 0], column)
    expected = torch.autograd.grad(literal.square().sum(), [weight, *features])

    for factorised in (False, True):
        parts = split_first_layer(features, weight, strides, offsets, 70, factorised)
        assert [part.weight is None for part in parts] == [factorised and size <= 70 for size in (1024, 256, 64, 4)]
        result = hypercolumn_linear(parts, partial(sum_at, points=points))
        assert torch.allclose(result, literal, atol=1e-10)
        for gradient, reference in zip(torch.autograd.grad(result.square().sum(), [weight, *features]), expected):
            assert torch.allclose(gradient, reference, atol=1e-8)


def test_the_sum_of_maps_on_a_grid_is_that_of_the_interpolated_maps():
    torch.manual_seed(0)
    sizes = ((6, 9, 2, 0.5), (3, 5, 4, 1.5), (1, 2, 16, 7.5))
    parts = [LinearPart(torch.randn(2, 3, h, w, dtype=torch.float64), None, *place) for h, w, *place in sizes]
    rows, columns = torch.arange(2, 9), torch.arange(16)
    points = torch.cartesian_prod(rows, columns).flip(1).double().expand(2, -1, -1)
    expected = sum_at(parts, points).view(2, 3, len(rows), len(columns))
    torch.testing.assert_close(sum_on_grid(parts, rows, columns), expected, rtol=1e-12, atol=1e-12)


def test_drawn_pixels_are_valid_distinct_and_uniform():
    torch.manual_seed(0)
    labels = torch.zeros(1, 6, 5, dtype=torch.long)
    labels[0, ::2] = 255
    counts = torch.zeros(30)
    draws = 3000
    for _ in range(draws):
        pixels = draw_valid_pixels(labels, 4, 255)
        assert pixels.unique().numel() == 4
        counts[pixels[0]] += 1
    assert (counts[labels.flatten() == 255] == 0).all()
    expected = draws * 4 / 15
    chi_squared = ((counts[labels.flatten() != 255] - expected) ** 2 / expected).sum()
    assert chi_squared < 36.1  # 14 degrees of freedom, p = 0.001


@pytest.mark.parametrize('valid', [1, 3, 20])
def test_few_valid_pixels_are_repeated_equally_often(valid):
    labels = torch.full((2, 5, 8), 255)
    labels.flatten(1)[:, :valid] = 1
    pixels = draw_valid_pixels(labels, 100, 255)
    for row in pixels:
        counts = torch.bincount(row, minlength=40)
        assert (counts[valid:] == 0).all() and counts[:valid].max() - counts[:valid].min() <= 1


def test_an_image_without_valid_pixels_gives_ignored_ones_and_a_small_one_repeats_its_pixels():
    labels = torch.full((1, 2, 3), 255)
    assert (labels.flatten(1).gather(1, draw_valid_pixels(labels, 50, 255)) == 255).all()
    assert torch.bincount(draw_valid_pixels(labels, 12, None)[0], minlength=6).tolist() == [2] * 6
