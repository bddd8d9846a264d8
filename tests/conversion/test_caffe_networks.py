import pytest
import torch
import torchvision
from torch import nn

from mmgb.conversion.caffe_networks import NETWORKS
from mmgb.models.backbones import PixelNetVGG, Places2Inception


def backbone_modules(name):
    modules = NETWORKS[name].modules.values()
    return {module.removeprefix('backbone.') for module in modules if module.startswith('backbone.')}


@pytest.mark.parametrize('backbone', [PixelNetVGG, Places2Inception])
def test_the_table_fills_every_weight_of_the_backbone(backbone):
    with torch.device('meta'):
        model = backbone()
    weighted = {name for name, module in model.named_modules() if isinstance(module, (nn.Conv2d, nn.Linear))}
    assert backbone_modules(backbone.__name__) == weighted


def test_the_convolutions_of_vgg16_keep_the_indices_of_torchvision():
    with torch.device('meta'):
        features = torchvision.models.vgg16(weights=None).features
    indices = [index for index, module in enumerate(features) if isinstance(module, nn.Conv2d)]
    names = [f'conv{stage}_{index}' for stage in range(1, 6) for index in range(1, 4 if stage > 2 else 3)]
    table = NETWORKS['PixelNetVGG'].modules
    assert [table[name] for name in names] == [f'backbone.features.{index}' for index in indices]


def test_layers_of_one_network_have_different_modules():
    # VGG-16 and PixelNet name fc6 and fc7 differently; a file has one of the two names.
    table = dict(NETWORKS['PixelNetVGG'].modules)
    assert (table.pop('fc6_conv'), table.pop('fc7_conv')) == (table['fc6'], table['fc7'])
    for modules in (table, NETWORKS['Places2Inception'].modules):
        assert len(set(modules.values())) == len(modules)
