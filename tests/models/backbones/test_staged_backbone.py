"""Outputs, freezing, width and initialization work alike in all staged backbones."""

import pytest
import torch
from torch import nn

from mmgb.models.backbones import MLP, AlexNetBN, CifarConvNet, Places2Inception, Places2VGG
from mmgb.registry import MODELS

SMALL = {
    'MLP': (lambda **k: MLP(width=0.1, norm_cfg=dict(type='BN1d'), dropout_ratio=0.5, **k), (1, 28, 28), 2),
    'CifarConvNet(5)': (lambda **k: CifarConvNet(5, width=0.1, **k), (3, 32, 32), 2),
    'CifarConvNet(10)': (lambda **k: CifarConvNet(10, width=0.1, **k), (3, 32, 32), 3),
    'AlexNetBN': (lambda **k: AlexNetBN(width=1 / 64, **k), (3, 224, 224), 5),
    'Places2VGG': (lambda **k: Places2VGG(width=1 / 32, **k), (3, 64, 64), 5),
    'Places2Inception': (lambda **k: Places2Inception(width=1 / 32, **k), (3, 64, 64), 4),
}


@pytest.fixture(params=SMALL)
def small(request):
    return SMALL[request.param]


def test_outputs_are_those_of_out_indices_in_rising_order(small):
    build, shape, count = small
    torch.manual_seed(0)
    network = build(out_indices=range(count)).eval()
    images = torch.randn(2, *shape)
    with torch.no_grad():
        outputs = network(images)
        assert [output.shape[1] for output in outputs] == list(network.out_channels) and len(outputs) == count
        x = images
        for stage, output in zip(network.stages, outputs):
            x = stage(x)
            assert torch.equal(x, output)
        last = build()
        last.load_state_dict(network.state_dict())
        assert torch.equal(last.eval()(images)[0], outputs[-1])
    assert last.out_channels == network.out_channels[-1:]


def test_stages_above_the_last_output_are_dropped(small):
    build, shape, _ = small
    network = build(out_indices=(0,))
    assert len(network.stages) == 1 and len(network(torch.randn(2, *shape))) == 1


def test_frozen_stages_keep_parameters_and_statistics_in_training(small):
    build, shape, count = small
    torch.manual_seed(0)
    network = build(frozen_stages=1).train()
    before = {name: value.clone() for name, value in network.stages[0].state_dict().items()}
    network(torch.randn(4, *shape))[0].square().sum().backward()
    assert all(parameter.grad is None for parameter in network.stages[0].parameters())
    assert all(torch.equal(before[name], value) for name, value in network.stages[0].state_dict().items())
    assert not any(module.training for module in network.stages[0].modules())
    assert all(parameter.grad is not None for stage in network.stages[1:] for parameter in stage.parameters())
    assert all(not parameter.requires_grad for parameter in build(frozen_stages=count).parameters())
    assert all(parameter.requires_grad for parameter in build(frozen_stages=-1).parameters())


def test_weights_start_with_variance_2_over_fan_in_and_biases_at_zero():
    torch.manual_seed(0)
    for network in (MLP(), AlexNetBN(width=0.5, norm_cfg=None), CifarConvNet(10), Places2VGG(width=0.5)):
        network.init_weights()
        for layer in network.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                fan_in, count = layer.weight[0].numel(), layer.weight.numel()
                ratio = layer.weight.var().item() * fan_in / 2
                assert abs(ratio - 1) < 6 * (2 / count) ** 0.5  # six standard deviations of the sample variance
                assert layer.bias is None or not layer.bias.any()


def test_init_cfg_replaces_the_default():
    network = MLP(init_cfg=dict(type='Constant', layer='Linear', val=0.5, bias=0.25))
    network.init_weights()
    assert all((stage[1 - (i > 0)].weight == 0.5).all() for i, stage in enumerate(network.stages))


def test_width_scales_every_channel_number_to_at_least_one():
    assert Places2VGG(width=0.25, out_indices=range(5)).out_channels == (16, 32, 64, 128, 64)
    assert Places2VGG(width=1e-6, out_indices=range(5)).out_channels == (1,) * 5
    assert Places2Inception(width=0.5, out_indices=range(4)).out_channels == (64, 128, 256, 256)
    assert AlexNetBN(width=0.5, out_indices=range(5)).out_channels == (32, 96, 128, 2048, 2048)
    assert MLP(width=0.5, out_indices=(0, 1)).out_channels == (196, 25)
    assert CifarConvNet(5, width=0.5).out_channels == (4096,)
    assert CifarConvNet(10, width=0.5, out_indices=(0, 1, 2)).out_channels == (48, 96, 360)


@pytest.mark.parametrize('name', ['MLP', 'CifarConvNet', 'AlexNetBN', 'Places2VGG', 'Places2Inception'])
def test_the_registry_builds_each_backbone_from_a_config(name):
    settings = dict(depth=5) if name == 'CifarConvNet' else {}
    assert type(MODELS.build(dict(type=f'mmgb.{name}', width=0.05, **settings))).__name__ == name


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(width=0), r'width=0: expected a positive, finite number'),
        (dict(width=float('inf')), r'width=inf: expected a positive, finite number'),
        (dict(width='wide'), r"width='wide': expected a positive, finite number"),
        (dict(out_indices=(4,)), r'out_indices=\(4,\): expected one or more stage indices from 0 to 3'),
        (dict(out_indices=()), r'out_indices=\(\): expected one or more stage indices from 0 to 3'),
        (dict(out_indices=3), r'out_indices=3: expected one or more stage indices from 0 to 3'),
        (dict(frozen_stages=5), r'frozen_stages=5: expected 0 to 4 stages, or -1 for none'),
    ],
)
def test_invalid_settings_raise(setting, message):
    with pytest.raises(ValueError, match=message):
        Places2Inception(**{'width': 1 / 32, **setting})


@pytest.mark.parametrize(
    'network, shape, message',
    [
        (Places2VGG, (3, 15, 64), 'Places2VGG: expected images .* at least 16x16 pixels, got 3x15x64 '),
        (Places2Inception, (3, 64, 8), 'Places2Inception: expected images .* at least 16x16 pixels, got 3x64x8 '),
        (Places2VGG, (1, 64, 64), 'expected images with 3 channels .* got 1x64x64 '),
        (AlexNetBN, (3, 62, 224), 'AlexNetBN: expected images .* at least 63x63 pixels, got 3x62x224 '),
    ],
)
def test_unsuitable_images_raise(network, shape, message):
    with pytest.raises(ValueError, match=message):
        network(width=1 / 32)(torch.zeros(1, *shape))


@pytest.mark.parametrize('network, side', [(Places2VGG, 16), (Places2Inception, 16), (AlexNetBN, 63)])
def test_the_smallest_allowed_image_works(network, side):
    with torch.no_grad():
        assert network(width=1 / 32).eval()(torch.zeros(1, 3, side, side))[0].shape[0] == 1
