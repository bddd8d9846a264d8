"""CifarConvNet is the paper's 5-layer network or All-CNN-C with ten layers."""

import pytest
import torch
from torch import nn

from mmgb.models.backbones import CifarConvNet


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def kinds(network, *types):
    return [module for module in network.modules() if isinstance(module, types)]


@pytest.mark.parametrize('depth, values', [(5, 8192), (10, 360)])
def test_last_output_is_a_vector_for_the_affine_layer(depth, values):
    network = CifarConvNet(depth)
    assert network(torch.zeros(2, 3, 32, 32))[0].shape == (2, values)
    assert network.out_channels == (values,)


@pytest.mark.parametrize('depth', [5, 10])
def test_depth_counts_convolutions_and_the_heads_layer_and_each_convolution_has_batch_norm(depth):
    network = CifarConvNet(depth)
    convolutions = kinds(network, nn.Conv2d)
    assert len(convolutions) + 1 == depth
    assert [norm.num_features for norm in kinds(network, nn.BatchNorm2d)] == [c.out_channels for c in convolutions]
    assert all(convolution.bias is None for convolution in convolutions)
    assert not kinds(network, nn.Linear, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
    assert bool(kinds(network, nn.MaxPool2d)) == (depth == 5)  # the 10-layer network has no pooling


def test_ten_layers_are_those_of_all_cnn_c():
    """Springenberg et al., Table 1: 3x3 96, 96, 96/2, 192, 192, 192/2, 192 (unpadded), 1x1 192, 1x1 10."""
    convolutions = kinds(CifarConvNet(10), nn.Conv2d)
    assert [(c.kernel_size[0], c.out_channels, c.stride[0]) for c in convolutions] == [
        (3, 96, 1),
        (3, 96, 1),
        (3, 96, 2),
        (3, 192, 1),
        (3, 192, 1),
        (3, 192, 2),
        (3, 192, 1),
        (1, 192, 1),
        (1, 10, 1),
    ]
    maps = CifarConvNet(10, out_indices=(0, 1))(torch.zeros(2, 3, 32, 32))
    assert [tuple(m.shape[1:]) for m in maps] == [(96, 16, 16), (192, 8, 8)]
    weights = 9 * (3 * 96 + 2 * 96 * 96 + 96 * 192 + 3 * 192 * 192) + 192 * 192 + 192 * 10
    assert count(CifarConvNet(10)) == weights + 2 * (3 * 96 + 5 * 192 + 10)
    assert count(CifarConvNet(10, norm_cfg=None)) == weights + 3 * 96 + 5 * 192 + 10


def test_ninth_convolution_has_one_channel_per_class_at_any_width():
    assert CifarConvNet(10, num_classes=100, width=0.1).out_channels == (3600,)


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(depth=7), 'depth=7: expected 5 or 10'),
        (dict(depth=5, out_indices=(2,)), r'out_indices=\(2,\): expected one or more stage indices from 0 to 1'),
    ],
)
def test_invalid_settings_raise(setting, message):
    with pytest.raises(ValueError, match=message):
        CifarConvNet(**setting)


@pytest.mark.parametrize('shape', [(3, 28, 28), (1, 32, 32), (3, 2, 2)])
def test_images_of_another_shape_raise(shape):
    sizes = 'x'.join(map(str, shape))
    with pytest.raises(ValueError, match=rf'expected images of 3x32x32, got {sizes} \(channels x height x width\)'):
        CifarConvNet(5, width=0.1)(torch.zeros(1, *shape))
