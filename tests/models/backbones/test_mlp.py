"""MLP is the network of the paper's Table 1 without its output layer."""

import pytest
import torch
from torch import nn

from mmgb.models.backbones import MLP


def test_weights_and_biases_of_784_392_50_10_are_327428_and_452():
    layers = nn.ModuleList([MLP(), nn.Linear(50, 10)])
    weights = sum(p.numel() for name, p in layers.named_parameters() if name.endswith('weight'))
    biases = sum(p.numel() for name, p in layers.named_parameters() if name.endswith('bias'))
    assert (weights, biases) == (327_428, 452)


def test_forward_is_two_affine_maps_each_with_relu():
    torch.manual_seed(0)
    network = MLP().double()
    images = torch.randn(3, 1, 28, 28, dtype=torch.float64)
    w1, b1, w2, b2 = network.parameters()
    hidden = (images.reshape(3, 784) @ w1.T + b1).clamp(min=0)
    assert torch.allclose(network(images)[0], (hidden @ w2.T + b2).clamp(min=0), atol=1e-12)


@pytest.mark.parametrize(
    'act_cfg, function',
    [
        (dict(type='Tanh'), torch.tanh),
        (dict(type='Sigmoid'), torch.sigmoid),
        (dict(type='LeakyReLU', negative_slope=0.2), lambda x: torch.where(x > 0, x, 0.2 * x)),
        (dict(type=nn.Hardtanh), lambda x: x.clamp(-1, 1)),
    ],
)
def test_act_cfg_sets_the_hidden_activation(act_cfg, function):
    torch.manual_seed(0)
    network = MLP(in_features=4, hidden_features=(3,), act_cfg=act_cfg)
    x = 3 * torch.randn(2, 1, 2, 2)
    weight, bias = network.parameters()
    assert torch.allclose(network(x)[0], function(x.flatten(1) @ weight.T + bias), atol=1e-6)


def test_batch_norm_replaces_the_biases_and_precedes_the_activation():
    torch.manual_seed(0)
    network = MLP(norm_cfg=dict(type='BN'), act_cfg=dict(type='Tanh'), out_indices=(0,)).train()
    images = torch.randn(64, 1, 28, 28)
    weight, gain, shift = network.parameters()
    x = images.flatten(1) @ weight.T
    x = (x - x.mean(0)) / (x.var(0, unbiased=False) + 1e-5).sqrt() * gain + shift
    assert torch.allclose(network(images)[0], x.tanh(), atol=1e-5)


def test_dropout_acts_on_hidden_units_in_training_only():
    torch.manual_seed(0)
    network = MLP(dropout_ratio=0.5, act_cfg=dict(type='Sigmoid'))  # without dropout no unit is exactly 0
    images = torch.randn(200, 1, 28, 28)
    assert 0.4 < (network.train()(images)[0] == 0).float().mean() < 0.6
    assert (network.eval()(images)[0] > 0).all()


def test_images_with_another_number_of_values_raise():
    with pytest.raises(ValueError, match=r'in_features=784: expected images with 784 values, got 3072 from 3x32x32 '):
        MLP()(torch.zeros(1, 3, 32, 32))
