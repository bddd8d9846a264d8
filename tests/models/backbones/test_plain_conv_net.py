"""PlainConvNet is a chain of convolutions, each of them one stage."""

import re

import pytest
import torch
import torch.nn.functional as F

from mmgb.models.backbones import PlainConvNet


def test_forward_is_convolution_and_relu_in_turn():
    torch.manual_seed(0)
    network = PlainConvNet((4, 5, 3), (2, 1, 2), out_indices=(1, 2)).double()
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    w1, b1, w2, b2, w3, b3 = network.parameters()
    found = network(x)
    middle = F.conv2d(F.conv2d(x, w1, b1, 2, 1).clamp(min=0), w2, b2, 1, 1).clamp(min=0)
    torch.testing.assert_close(found[0], middle, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found[1], F.conv2d(middle, w3, b3, 2, 1).clamp(min=0), rtol=1e-12, atol=1e-12)
    assert network.out_channels == (5, 3)


def test_batch_norm_replaces_the_biases():
    torch.manual_seed(0)
    network = PlainConvNet((4,), (1,), norm_cfg=dict(type='BN')).train()
    x = torch.randn(3, 3, 5, 5)
    weight, gain, shift = network.parameters()
    expected = F.batch_norm(F.conv2d(x, weight, padding=1), None, None, gain, shift, training=True)
    torch.testing.assert_close(network(x)[0], expected.clamp(min=0))


@pytest.mark.parametrize(
    'settings, sentence',
    [
        (dict(channels=(), strides=()), 'channels=(): expected one or more integers of at least 1'),
        (dict(channels=(4, 0), strides=(1, 1)), 'channels=(4, 0): expected one or more integers of at least 1'),
        (dict(channels=(4,), strides=(1.5,)), 'strides=(1.5,): expected one or more integers of at least 1'),
        (dict(channels=(4, 4), strides=(1,)), 'strides=(1,): expected 2 strides, one for each of channels'),
    ],
)
def test_invalid_settings_raise(settings, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        PlainConvNet(**settings)
