"""Places2VGG has the shapes of the Relay paper's Table 2, and equals VGG-19 at depth 19."""

import pytest
import torch
import torchvision
from torch import nn

from mmgb.functional import AuxiliaryRange, GradientGate
from mmgb.models.backbones import Places2VGG
from mmgb.models.necks import SpatialPyramidPooling


def convolutions(*pairs):
    """Return the number of weights and biases of 3x3 convolutions (channels, count) after a 3-channel image."""
    total, before = 0, 3
    for channels, number in pairs:
        for _ in range(number):
            total += 9 * before * channels + channels
            before = channels
    return total


def test_stage_shapes_match_table_2():
    network = Places2VGG(out_indices=range(5)).eval()
    with torch.no_grad():
        shapes = [tuple(output.shape[1:]) for output in network(torch.zeros(1, 3, 224, 224))]
    assert shapes == [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (256, 14, 14)]
    assert sum(p.numel() for p in network.parameters()) == convolutions((64, 2), (128, 2), (256, 5), (512, 5), (256, 5))
    assert not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())


def test_pools_round_up_as_in_caffe():
    """228 pixels: 114, 57, 29 and 15; rounding down would leave 14."""
    with torch.no_grad():
        assert Places2VGG(width=1 / 32)(torch.zeros(1, 3, 228, 228))[0].shape[2:] == (15, 15)


@pytest.mark.parametrize('depth, repeated', [(19, 4), (22, 5), (25, 6)])
def test_depth_counts_the_convolutions_and_three_fully_connected_layers(depth, repeated):
    network = Places2VGG(depth, last_channels=512, width=1 / 8)
    counts = [sum(isinstance(layer, nn.Conv2d) for layer in stage) for stage in network.stages]
    assert counts == [2, 2, repeated, repeated, repeated] and sum(counts) + 3 == depth
    full = Places2VGG(depth, last_channels=512)
    assert sum(p.numel() for p in full.parameters()) == convolutions(
        (64, 2), (128, 2), (256, repeated), (512, 2 * repeated)
    )


def test_depth_19_with_a_pyramid_of_seven_bins_equals_vgg19():
    torch.manual_seed(0)
    vgg = torchvision.models.vgg19(weights=None).eval()
    backbone = Places2VGG(19, last_channels=512).eval()
    neck = SpatialPyramidPooling(512, bins=(7,)).eval()
    image = torch.randn(1, 3, 224, 224)
    ours = [*backbone.parameters(), *neck.parameters()]
    with torch.no_grad():
        for mine, theirs in zip(ours, vgg.parameters()):  # both in layer order
            mine.copy_(theirs)
        hidden = vgg.classifier[:6](vgg.avgpool(vgg.features(image)).flatten(1))
        assert torch.allclose(neck(backbone(image))[0], hidden, atol=1e-5)
    assert len(ours) == len(list(vgg.parameters())) - 2  # the head holds the output layer


def test_relay_ranges_overlap_in_the_28x28_stage():
    """The auxiliary loss trains stages 0 to 3, the primary loss stages 3 and 4."""
    torch.manual_seed(0)
    network = Places2VGG(width=1 / 16).double()
    images = torch.randn(2, 3, 64, 64, dtype=torch.float64)

    def gradients(*losses_of):
        network.zero_grad()
        gate = GradientGate(network, [AuxiliaryRange('stages.3')], primary_lowest='stages.3')
        with gate as features:
            top = network(images)[0]
        losses = dict(primary=top.square().sum(), auxiliary=features[0].square().sum())
        sum(losses[name] if name in losses_of else 0 * losses[name] for name in losses).backward()
        return [stage[0].weight.grad.abs().sum().item() > 0 for stage in network.stages]

    assert gradients('primary') == [False, False, False, True, True]
    assert gradients('auxiliary') == [True, True, True, True, False]


def test_other_depths_raise():
    with pytest.raises(ValueError, match='depth=16: expected 19, 22 or 25'):
        Places2VGG(depth=16)
