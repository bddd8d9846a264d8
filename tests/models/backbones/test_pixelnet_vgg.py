"""PixelNetVGG is torchvision's VGG-16 with padding, convolutional fc layers and six outputs."""

import pytest
import torch
import torchvision
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import load_state_dict

from mmgb.models.backbones import PixelNetVGG


@pytest.fixture(scope='module')
def vgg16():
    torch.manual_seed(0)
    model = torchvision.models.vgg16(weights=None).eval()
    for module in model.modules():
        if getattr(module, 'bias', None) is not None:
            torch.nn.init.normal_(module.bias, std=0.1)  # a bias that isn't loaded would go unnoticed at zero
    return model


@pytest.mark.slow
@pytest.mark.parametrize('through', ['torch', 'mmengine', 'init_cfg'])
def test_without_padding_torchvisions_weights_give_its_activations_including_fc7(vgg16, tmp_path, through):
    if through == 'init_cfg':
        torch.save(vgg16.state_dict(), tmp_path / 'vgg16.pth')
        network = PixelNetVGG(padding=0, init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'vgg16.pth')))
        network.init_weights()
    else:
        network = PixelNetVGG(padding=0)
        if through == 'torch':
            result = network.load_state_dict(vgg16.state_dict(), strict=False)
            assert not result.missing_keys
            assert result.unexpected_keys == ['classifier.6.weight', 'classifier.6.bias']  # ImageNet's classes
        else:
            load_state_dict(network, vgg16.state_dict())
    network.eval()
    image = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        outputs = network(image)
        fc7 = vgg16.classifier[:6](vgg16.avgpool(vgg16.features(image)).flatten(1))
        assert torch.allclose(outputs[5].flatten(1), fc7, atol=1e-4)
        for output, end in zip(outputs, (4, 9, 16, 23, 30)):
            assert torch.allclose(output, vgg16.features[:end](image), atol=1e-4)


def test_shapes_are_those_of_the_released_network():
    network = PixelNetVGG(width=1 / 16).eval()
    with torch.no_grad():
        outputs = network(torch.zeros(1, 3, 224, 224))
    assert [tuple(output.shape[1:]) for output in outputs] == [
        (4, 424, 424),
        (8, 212, 212),
        (16, 106, 106),
        (32, 53, 53),
        (32, 27, 27),
        (256, 8, 8),
    ]
    assert network.out_channels == (4, 8, 16, 32, 32, 256)
    assert PixelNetVGG(width=1 / 8, fc_channels=512).out_channels == (8, 16, 32, 64, 64, 64)


def test_full_width_has_5568_hypercolumn_values_and_the_parameters_of_vgg16(vgg16):
    network = PixelNetVGG()
    assert sum(network.out_channels) == 5568
    classifier = sum(p.numel() for p in vgg16.classifier[6].parameters())
    assert sum(p.numel() for p in network.parameters()) == sum(p.numel() for p in vgg16.parameters()) - classifier


def test_padding_is_zero_in_the_normalized_image():
    """An image inside a larger zero image gives the same maps as padding."""
    torch.manual_seed(0)
    image = torch.randn(1, 3, 32, 32)
    framed = torch.zeros(1, 3, 232, 232)
    framed[:, :, 100:132, 100:132] = image
    padded, unpadded = PixelNetVGG(width=1 / 16).eval(), PixelNetVGG(width=1 / 16, padding=0).eval()
    unpadded.load_state_dict(padded.state_dict())
    with torch.no_grad():
        for a, b in zip(padded(image), unpadded(framed)):
            assert torch.equal(a, b)


def test_dropout_acts_on_single_values_in_training_only():
    torch.manual_seed(0)
    network = PixelNetVGG(width=1 / 16, dropout_ratio=0.5)
    with torch.no_grad():
        a, b = (network.eval()(torch.ones(1, 3, 32, 32))[5] for _ in range(2))
        assert torch.equal(a, b)
        dropped = network.train()(torch.ones(1, 3, 32, 32))[5]
    assert not torch.equal(dropped, a)


def test_with_batch_norm_parameters_have_the_names_of_torchvisions_vgg16_bn():
    network = PixelNetVGG(norm_cfg=dict(type='BN'))
    reference = torchvision.models.vgg16_bn(weights=None).state_dict()
    result = network.load_state_dict(reference, strict=False)
    assert not result.missing_keys and result.unexpected_keys == ['classifier.6.weight', 'classifier.6.bias']
    assert network.taps == [5, 12, 22, 32, 42]


def test_weights_of_another_shape_raise_instead_of_being_reshaped(vgg16, tmp_path):
    torch.save(vgg16.state_dict(), tmp_path / 'vgg16.pth')
    with pytest.raises(RuntimeError, match='size mismatch for classifier.0.weight'):
        PixelNetVGG(width=0.5).load_state_dict(CheckpointLoader.load_checkpoint(str(tmp_path / 'vgg16.pth')))


@pytest.mark.parametrize('out_indices', [(4,), (0, 2), (1, 5)])
def test_out_indices_select_maps_and_drop_the_layers_above(out_indices):
    torch.manual_seed(0)
    whole = PixelNetVGG(width=1 / 16, norm_cfg=dict(type='BN')).eval()
    part = PixelNetVGG(width=1 / 16, norm_cfg=dict(type='BN'), out_indices=out_indices).eval()
    assert not part.load_state_dict(whole.state_dict(), strict=False).missing_keys
    image = torch.randn(1, 3, 40, 40)
    outputs, maps = part(image), whole(image)
    assert part.out_channels == tuple(whole.out_channels[index] for index in out_indices)
    for output, index in zip(outputs, out_indices, strict=True):
        assert torch.equal(output, maps[index])
    sum(output.sum() for output in outputs).backward()
    assert all(parameter.grad is not None for parameter in part.parameters())


def test_without_fc7_small_images_work_and_the_weights_initialize_a_segmentor(tmp_path):
    """The slim networks of configs/gradient_boosting/voc12 start from a classifier of 64x64 pixels in this way."""
    torch.manual_seed(0)
    settings = dict(width=1 / 16, padding=0, norm_cfg=dict(type='BN'))
    classifier = PixelNetVGG(**settings, out_indices=(4,))
    assert [output.shape for output in classifier(torch.zeros(1, 3, 64, 64))] == [(1, 32, 4, 4)]
    saved = {f'backbone.{name}': value for name, value in classifier.state_dict().items()}
    torch.save(dict(state_dict=saved), tmp_path / 'epoch_12.pth')
    network = PixelNetVGG(
        **settings,
        init_cfg=[
            dict(type='Constant', layer='Conv2d', val=0.25),
            dict(type='Pretrained', checkpoint=str(tmp_path / 'epoch_12.pth'), prefix='backbone.'),
        ],
    )
    network.init_weights()
    for name, value in network.state_dict().items():
        if name.startswith('features'):
            assert torch.equal(value, classifier.state_dict()[name]), name
    assert (network.classifier[0].weight == 0.25).all()


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(out_indices=()), r'out_indices=\(\): expected one or more of 0 to 5 in rising order'),
        (dict(out_indices=(4, 2)), r'out_indices=\(4, 2\): expected one or more of 0 to 5'),
        (dict(out_indices=(6,)), r'out_indices=\(6,\): expected one or more of 0 to 5'),
        (dict(width=0), 'width=0: expected a positive, finite number'),
        (dict(padding=-1), 'padding=-1: expected a number of pixels, at least 0'),
    ],
)
def test_invalid_settings_raise(setting, message):
    with pytest.raises(ValueError, match=message):
        PixelNetVGG(**setting)


def test_an_image_too_small_for_fc6_raises():
    with pytest.raises(
        ValueError, match='padding=0: expected at least 7x7 cells for fc6, got 2x2 from an image of 64x64 '
    ):
        PixelNetVGG(width=1 / 16, padding=0)(torch.zeros(1, 3, 64, 64))
