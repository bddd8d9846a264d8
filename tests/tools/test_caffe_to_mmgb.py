"""tools/model_converters/caffe_to_mmgb.py, run on small files of both released networks."""

import numpy as np
import pytest
import torch
from helpers import caffe_files as caffe
from helpers.many_runs import assert_one_sentence, run_many
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import load_checkpoint

from mmgb import compat

pytestmark = pytest.mark.slow  # imports both hosts and converts 15 files

TOOL = 'model_converters/caffe_to_mmgb.py'
PIXELNET = """
default_scope = 'mmseg'
model = dict(
    type='EncoderDecoder',
    backbone=dict(type='mmgb.PixelNetVGG', width=1 / 32, fc_channels=160),
    decode_head=dict(type='mmgb.PixelNetHead', in_channels=(2, 4, 8, 16, 16, 5), channels=6, num_classes=3,
                     loss_decode=dict(type='CrossEntropyLoss')),
    test_cfg=dict(mode='whole'))
"""
MODEL_B = """
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.Places2Inception', width=1 / 32),
    neck=dict(type='mmgb.SpatialPyramidPooling', in_channels=16, fc_channels=(7, 6)),
    head=dict(type='LinearClsHead', num_classes=5, in_channels=6))
"""
RNG = np.random.default_rng(0)


def parameters(*shape):
    """Return random weights (out, …) of a layer, scaled to keep the size of its activations, and biases."""
    return RNG.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5, RNG.standard_normal(shape[0]) * 0.1


def vgg16(channels=(2, 4, 8, 16, 16), fc=5, fc_names=('fc6', 'fc7')):
    """Return {layer: parameters} in the order of the release, after the table in VGG's paper."""
    layers, before = {}, 3
    for stage, (count, after) in enumerate(zip((2, 2, 3, 3, 3), channels), 1):
        for index in range(1, count + 1):
            layers[f'conv{stage}_{index}'] = parameters(after, before, 3, 3)
            before = after
    layers[fc_names[0]] = parameters(fc, before * 7 * 7)
    layers[fc_names[1]] = parameters(fc, fc)
    return layers


def pixelnet():
    """Return {layer: parameters} of PixelNet."""
    layers = vgg16(fc_names=('fc6_conv', 'fc7_conv'))
    for name, kernel in (('fc6_conv', 7), ('fc7_conv', 1)):
        weight, bias = layers[name]
        layers[name] = weight.reshape(len(weight), -1, kernel, kernel), bias
    return {
        **layers,
        'fc6_new': parameters(6, 2 + 4 + 8 + 16 + 16 + 5),
        'fc7_new': parameters(6, 6),
        'cls_score_new': parameters(3, 6),
    }


def model_b():
    """Return {layer: parameters} of model B."""
    layers, before = {'conv1': parameters(4, 3, 7, 7)}, 4
    for stage, k in ((3, 2), (4, 4), (5, 4)):
        for letter in 'abcd':
            name = f'inception_{stage}{letter}'
            layers[f'{name}/1x1'] = parameters(k, before, 1, 1)
            layers[f'{name}/3x3'] = parameters(k, before, 3, 3)
            layers[f'{name}/double3x3a'] = parameters(2 * k, before, 3, 3)
            layers[f'{name}/double3x3b'] = parameters(2 * k, 2 * k, 3, 3)
            before = 4 * k
    layers['fc6'] = parameters(7, 16 * (1 + 4 + 9 + 49))
    layers['fc7'] = parameters(6, 7)
    layers['fc8'] = parameters(5, 6)
    return layers


VGG16_LAYERS, PIXELNET_LAYERS, MODEL_B_LAYERS = vgg16(), pixelnet(), model_b()


def new_file(layers, double=False):
    return caffe.model(
        *(caffe.layer(name, *(caffe.blob(values, double) for values in blobs)) for name, blobs in layers.items())
    )


def old_file(layers):
    return caffe.model(*(caffe.old_layer(name, *map(caffe.old_blob, blobs)) for name, blobs in layers.items()))


def reference(layers):
    """Return model B of the release's prototxt, in functions of torch: (N, 3, 224, 224) to (N, 5) linear scores."""

    def tensors(name):
        return (torch.as_tensor(values, dtype=torch.float32) for values in layers[name])

    def conv(x, name, padding, stride=1):
        return torch.conv2d(x, *tensors(name), stride=stride, padding=padding).relu()

    def forward(x):
        x = torch.max_pool2d(conv(x, 'conv1', 3, stride=2), 2)
        for stage in '345':
            for letter in 'abcd':
                name = f'inception_{stage}{letter}'
                x = torch.cat(
                    [
                        conv(x, f'{name}/1x1', 0),
                        conv(x, f'{name}/3x3', 1),
                        conv(conv(x, f'{name}/double3x3a', 1), f'{name}/double3x3b', 1),
                    ],
                    1,
                )
            x = torch.max_pool2d(x, 2) if stage != '5' else x
        x = torch.cat([torch.max_pool2d(x, size, ceil_mode=True).flatten(1) for size in (14, 7, 5, 2)], 1)
        for name in ('fc6', 'fc7'):
            x = torch.nn.functional.linear(x, *tensors(name)).relu()
        return torch.nn.functional.linear(x, *tensors('fc8'))

    return forward


# name: (the file's bytes, config, checkpoint, more arguments)
RUNS = {
    'model B': (lambda: new_file(MODEL_B_LAYERS), 'model_b.py', 'out/model_b.pth'),
    'PixelNet': (lambda: new_file(PIXELNET_LAYERS, double=True), 'pixelnet.py', 'pixelnet.pth'),
    'VGG-16': (lambda: old_file({**VGG16_LAYERS, 'fc8': parameters(9, 5), 'pool5': ()}), 'pixelnet.py', 'all.pth'),
    'VGG-16 alone': (lambda: old_file(VGG16_LAYERS), 'pixelnet.py', 'vgg16.pth', '--part', 'backbone'),
}
# name: (the file's bytes, arguments, expected part of the message)
BAD_INPUT = {
    'truncated': (
        lambda: old_file(VGG16_LAYERS)[:-50],
        ('pixelnet.py', 'x.pth'),
        "caffemodel='truncated' can't be read: field 2 at byte ",
    ),
    'of another width': (
        lambda: old_file(vgg16(channels=(2, 4, 8, 16, 20))),
        ('pixelnet.py', 'x.pth'),
        "the weight of the layer 'conv5_1': expected shape (16, 16, 3, 3) of backbone.features.24.weight, "
        'got (20, 16, 3, 3)',
    ),
    'of another network': (
        lambda: old_file({'ip1': parameters(3, 4)}),
        ('pixelnet.py', 'x.pth'),
        "caffemodel='of another network': expected layers of PixelNetVGG, got ip1",
    ),
    'empty': (bytes, ('pixelnet.py', 'x.pth'), "can't be read: expected a Caffe model, got no layers"),
    'text': (lambda: b'name: "net"', ('pixelnet.py', 'x.pth'), 'expected a field of a protobuf message'),
    'ending': (bytes, ('pixelnet.py', 'x.pkl'), "out='x.pkl': expected a file name that ends with .pth"),
    'config': (bytes, ('nowhere.py', 'x.pth'), "config='nowhere.py' is not a file"),
    'part': (
        lambda: old_file(VGG16_LAYERS),
        ('pixelnet.py', 'x.pth', '--part', 'neck'),
        "--part='neck': expected a part of the model with parameters, one of backbone, decode_head",
    ),
    'backbone': (
        lambda: old_file(VGG16_LAYERS),
        ('resnet.py', 'x.pth'),
        'expected the backbone PixelNetVGG or Places2Inception, for which a Caffe network is released, got ResNet',
    ),
    'unbuildable': (
        lambda: old_file(VGG16_LAYERS),
        ('model_b.py', 'x.pth', '--cfg-options', 'model.backbone.width=-1'),
        "can't be built: ConfigError: width=-1: expected a positive",
    ),
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('caffe')
    (folder / 'pixelnet.py').write_text(PIXELNET)
    (folder / 'model_b.py').write_text(MODEL_B)
    (folder / 'resnet.py').write_text("""
_base_ = 'model_b.py'
model = dict(backbone=dict(_delete_=True, type='ResNet', depth=18))
""")
    return folder


@pytest.fixture(scope='module')
def outputs(folder):
    """Return {name: (exit code, output)} of all runs."""
    commands = {'no file': [TOOL, 'nowhere.caffemodel', 'pixelnet.py', 'x.pth']}
    for name, (data, *arguments) in RUNS.items():
        (folder / name).write_bytes(data())
        commands[name] = [TOOL, name, *arguments]
    for name, (data, arguments, _) in BAD_INPUT.items():
        (folder / name).write_bytes(data())
        commands[name] = [TOOL, name, *arguments]
    return run_many(folder, commands)


def succeeded(result):
    code, output = result
    assert code == 0, output
    return output


def build(text, scope):
    compat.replace_missing_mmcv_ops()
    names = {}
    exec(text, names)
    with DefaultScope.overwrite_default_scope(scope):
        return MODELS.build(names['model']).eval()


def test_the_converted_model_b_computes_the_scores_of_the_release(folder, outputs):
    output = succeeded(outputs['model B'])
    assert 'Layers unmapped: 0\n' in output and 'left without a value: 0\n' in output
    assert torch.load(folder / 'out/model_b.pth', weights_only=True)['meta']['caffemodel'] == 'model B'
    model = build(MODEL_B, 'mmpretrain')
    load_checkpoint(model, str(folder / 'out/model_b.pth'), strict=True)
    images = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        scores = model(images, mode='tensor')
        expected = reference(MODEL_B_LAYERS)(images)
    assert expected.std() > 1e-3
    torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-5)


def test_every_parameter_of_pixelnet_gets_the_values_of_its_layer(folder, outputs):
    output = succeeded(outputs['PixelNet'])
    assert 'Layers unmapped: 0\n' in output and 'left without a value: 0\n' in output
    model = build(PIXELNET, 'mmseg')
    load_checkpoint(model, str(folder / 'pixelnet.pth'), strict=True)
    ours = [module for module in model.modules() if isinstance(module, torch.nn.Conv2d)]
    # The decode head registers its output layer before its hidden layers.
    modules = [*ours[:15], model.decode_head.fc1, model.decode_head.fc2, model.decode_head.conv_seg]
    assert len(PIXELNET_LAYERS) == len(modules) == len(ours)
    for (weight, bias), module in zip(PIXELNET_LAYERS.values(), modules):
        assert (module.weight.detach().numpy().ravel() == weight.astype(np.float32).ravel()).all()
        assert (module.bias.detach().numpy() == bias.astype(np.float32)).all()


def test_an_old_imagenet_vgg16_fills_the_backbone_and_the_rest_is_reported(outputs):
    output = succeeded(outputs['VGG-16'])
    assert 'Layers unmapped: 1\n  fc8: no module corresponds to it\n' in output
    assert 'Layers without parameters: pool5\n' in output
    left = ''.join(
        f'  decode_head.{name}.{kind}\n' for name in ('conv_seg', 'fc1', 'fc2') for kind in ('weight', 'bias')
    )
    assert f'left without a value: 6\n{left}' in output


def test_a_part_is_written_without_its_prefix_and_read_by_init_cfg(folder, outputs):
    assert 'left without a value: 0\n' in succeeded(outputs['VGG-16 alone'])
    path = str(folder / 'vgg16.pth')
    backbone = MODELS.build(
        dict(type='mmgb.PixelNetVGG', width=1 / 32, fc_channels=160, init_cfg=dict(type='Pretrained', checkpoint=path))
    )
    backbone.init_weights()
    assert set(torch.load(path, weights_only=True)['state_dict']) == set(backbone.state_dict())
    found = backbone.state_dict()['classifier.0.weight']
    assert found.shape == (5, 16, 7, 7)
    assert (found.numpy().reshape(5, -1) == VGG16_LAYERS['fc6'][0].astype(np.float32)).all()


@pytest.mark.parametrize('name', BAD_INPUT)
def test_invalid_input_ends_with_one_sentence_and_writes_nothing(name, folder, outputs):
    assert_one_sentence(outputs[name], 'caffe_to_mmgb.py', BAD_INPUT[name][-1])
    assert not (folder / BAD_INPUT[name][1][1]).exists()


def test_a_missing_file_is_named(outputs):
    assert_one_sentence(outputs['no file'], 'caffe_to_mmgb.py', "caffemodel='nowhere.caffemodel' is not a file")
