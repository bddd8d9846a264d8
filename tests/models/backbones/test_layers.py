"""Layer groups of the backbones against layers written out."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgb.models.backbones.layers import conv_layers, linear_layers, scaled


@pytest.mark.parametrize('channels, width, expected', [(64, 1, 64), (64, 0.5, 32), (65, 0.5, 32), (64, 1e-6, 1)])
def test_scaled_rounds_down_to_at_least_one_channel(channels, width, expected):
    assert scaled(channels, width) == expected


@pytest.mark.parametrize('width', [0, -1, float('nan'), float('inf'), '1'])
def test_scaled_refuses_a_width_that_is_not_a_positive_finite_number(width):
    with pytest.raises(ValueError, match='width=.*: expected a positive, finite number'):
        scaled(64, width)


@pytest.mark.parametrize('kernel_size, size', [(1, (6, 7)), (3, (6, 7)), (5, (6, 7))])
def test_conv_layers_keep_the_size_of_the_map_at_stride_1(kernel_size, size):
    torch.manual_seed(0)
    layers = nn.Sequential(*conv_layers(2, 3, kernel_size)).double()
    x = torch.randn(2, 2, *size, dtype=torch.float64)
    weight, bias = layers.parameters()
    torch.testing.assert_close(layers(x), F.conv2d(x, weight, bias, padding=kernel_size // 2).clamp(min=0))
    assert layers(x).shape == (2, 3, *size)


def test_conv_layers_take_stride_and_padding():
    assert nn.Sequential(*conv_layers(2, 3, 3, stride=2, padding=0))(torch.zeros(1, 2, 9, 7)).shape == (1, 3, 4, 3)


def test_normalization_of_conv_layers_replaces_the_bias_and_precedes_the_relu():
    torch.manual_seed(0)
    layers = nn.Sequential(*conv_layers(2, 3, 3, dict(type='BN'))).double().train()
    x = torch.randn(4, 2, 6, 6, dtype=torch.float64)
    y = F.conv2d(x, layers[0].weight, padding=1)
    mean, variance = (statistic.view(1, 3, 1, 1) for statistic in (y.mean((0, 2, 3)), y.var((0, 2, 3), correction=0)))
    torch.testing.assert_close(layers(x), ((y - mean) / (variance + 1e-5).sqrt()).clamp(min=0))
    assert layers[0].bias is None


@pytest.mark.parametrize('kind', ['BN', 'BN1d'])
def test_linear_layers_use_the_batch_norm_of_vectors(kind):
    layers = linear_layers(4, 3, dict(type=kind, eps=0.01), dict(type='ReLU'))
    assert [type(layer) for layer in layers] == [nn.Linear, nn.BatchNorm1d, nn.ReLU]
    assert layers[0].bias is None and layers[1].eps == 0.01


def test_linear_layers_without_normalization_and_activation_are_one_layer_with_bias():
    (layer,) = linear_layers(4, 3)
    assert layer.weight.shape == (3, 4) and layer.bias.shape == (3,)


def test_linear_layers_leave_the_given_config_unchanged():
    norm_cfg = dict(type='BN')
    linear_layers(4, 3, norm_cfg)
    assert norm_cfg == dict(type='BN')
