"""AlexNetBN has torchvision's shapes and, without batch normalization, its outputs."""

import pytest
import torch
import torchvision
from torch import nn

from mmgb.models.backbones import AlexNetBN


@pytest.fixture(scope='module')
def alexnet():
    torch.manual_seed(0)
    return torchvision.models.alexnet(weights=None).eval()


def test_parameters_match_torchvision_and_batch_norm_replaces_each_bias_by_two(alexnet):
    whole = sum(p.numel() for p in alexnet.parameters())
    assert whole == 61_100_840
    output_layer = 4096 * 1000 + 1000
    plain, normed = AlexNetBN(norm_cfg=None), AlexNetBN()
    assert sum(p.numel() for p in plain.parameters()) == whole - output_layer
    units = 64 + 192 + 384 + 256 + 256 + 4096 + 4096
    assert sum(p.numel() for p in normed.parameters()) == whole - output_layer + units
    assert sum(isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)) for m in normed.modules()) == 7


@pytest.mark.parametrize('height, width', [(224, 224), (256, 320)])
def test_without_batch_norm_outputs_match_torchvision(alexnet, height, width):
    network = AlexNetBN(norm_cfg=None).eval()
    with torch.no_grad():
        for ours, theirs in zip(network.parameters(), alexnet.parameters()):  # both in the layers' order
            ours.copy_(theirs)
        image = torch.randn(1, 3, height, width)
        hidden = alexnet.classifier[:6](alexnet.avgpool(alexnet.features(image)).flatten(1))
        assert torch.allclose(network(image)[0], hidden, atol=1e-5)


def test_shapes_for_224_pixels_are_those_of_alexnet():
    with torch.no_grad():
        outputs = AlexNetBN(out_indices=range(5)).eval()(torch.zeros(1, 3, 224, 224))
    assert [tuple(o.shape[1:]) for o in outputs] == [(64, 27, 27), (192, 13, 13), (256, 6, 6), (4096,), (4096,)]


def test_batch_norm_is_between_each_layer_and_its_relu():
    for stage in AlexNetBN(width=1 / 64).stages:
        layers = list(stage)
        for index, layer in enumerate(layers):
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                assert layer.bias is None
                assert isinstance(layers[index + 1], (nn.BatchNorm1d, nn.BatchNorm2d))
                assert isinstance(layers[index + 2], nn.ReLU)


def test_dropout_has_the_position_and_ratio_of_torchvision(alexnet):
    """Dropout precedes both hidden fully connected layers; there is none among the convolutions."""
    theirs = [(index, layer.p) for index, layer in enumerate(alexnet.classifier) if isinstance(layer, nn.Dropout)]
    stages = AlexNetBN(norm_cfg=None, width=1 / 64).stages
    ours = [layer for stage in stages[3:] for layer in stage][2:]  # without average pool and flattening
    assert [(index, layer.p) for index, layer in enumerate(ours) if isinstance(layer, nn.Dropout)] == theirs
    assert not any(isinstance(layer, nn.Dropout) for stage in stages[:3] for layer in stage)
    changed = AlexNetBN(dropout_ratio=0.25, width=1 / 64)
    assert [layer.p for layer in changed.modules() if isinstance(layer, nn.Dropout)] == [0.25, 0.25]
