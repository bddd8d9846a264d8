"""Models of both hosts with relays, and the gradients of Relay Backpropagation by definition."""

import copy

import torch
from mmengine.config import ConfigDict
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample

CLASSES = 5


def _classifier(backbone, head, neck=None):
    return dict(type='ImageClassifier', backbone=backbone, neck=neck, head=head)


def _linear(channels):
    return dict(type='LinearClsHead', num_classes=CLASSES, in_channels=channels)


POOLING = dict(type='GlobalAveragePooling')
RESNET = _classifier(dict(type='ResNet', depth=50), _linear(2048), POOLING)
INCEPTION = _classifier(dict(type='InceptionV3', num_classes=CLASSES, dropout=0.0), dict(type='ClsHead'))
VGG = _classifier(dict(type='VGG', depth=19, num_classes=-1), _linear(512), POOLING)
FCN = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(type='SegDataPreProcessor', size=(64, 64)),
    backbone=dict(type='ResNetV1c', depth=50, dilations=(1, 1, 2, 4), strides=(1, 2, 1, 1), norm_cfg=dict(type='BN')),
    decode_head=dict(
        type='FCNHead',
        in_channels=2048,
        channels=8,
        in_index=3,
        num_convs=1,
        concat_input=True,
        dropout_ratio=0.0,
        num_classes=CLASSES,
        norm_cfg=dict(type='BN'),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)

# Side of the images: small for speed, but with more than two values per channel for the last batch norm.
SIDES = {'resnet': 64, 'inception': 107, 'vgg': 64, 'fcn': 64}
MODELS_OF = {'resnet': RESNET, 'inception': INCEPTION, 'vgg': VGG, 'fcn': FCN}

_BLOCKS = {1: 3, 2: 4, 3: 6, 4: 3}
_RESNET_STAGES = [
    f'backbone.layer{stage}.{block}.{layer}'
    for stage, blocks in _BLOCKS.items()
    for block in range(blocks)
    for layer in ('conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3', 'downsample')
]
# Layers of each network in the order in which they run. A group of layers that no range divides is one entry.
UNITS = {
    'resnet': ['backbone.conv1', 'backbone.bn1', 'backbone.relu', 'backbone.maxpool', *_RESNET_STAGES, 'head'],
    'inception': [
        *(
            f'backbone.{name}.{layer}'
            for name in ('Conv2d_1a_3x3', 'Conv2d_2a_3x3', 'Conv2d_2b_3x3', 'Conv2d_3b_1x1', 'Conv2d_4a_3x3')
            for layer in ('conv', 'bn', 'relu')
        ),
        *(f'backbone.Mixed_{name}' for name in '5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c'.split()),
        'backbone.fc',
    ],
    'vgg': [
        *(
            f'backbone.features.{i}{part}'
            for i in range(21)
            for part in ([''] if i in (2, 5, 10, 15, 20) else ['.conv', '.activate'])
        ),
        'head',
    ],
    'fcn': ['backbone.stem', *_RESNET_STAGES, 'decode_head'],
}


def scope(network):
    return DefaultScope.overwrite_default_scope('mmseg' if network == 'fcn' else 'mmpretrain')


def build(network, config, seed=0):
    """Build a float64 model in training mode, with random scales and biases in its batch norms."""
    torch.manual_seed(seed)
    with scope(network):
        model = MODELS.build(ConfigDict(copy.deepcopy(config))).double().train()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def auxiliary(source, lowest, channels, norm=True):
    """Make the config of an auxiliary loss."""
    head = dict(
        type='mmgb.AuxiliaryClsHead',
        num_classes=CLASSES,
        in_channels=channels,
        pooled_size=2,
        conv_channels=8,
        fc_channels=16,
        dropout_ratio=0.0,
        norm_cfg=dict(type='BN') if norm else None,
    )
    return dict(source=source, lowest=lowest, head=head)


def fcn_auxiliary(source, lowest, channels):
    head = dict(
        type='FCNHead',
        in_channels=channels,
        channels=8,
        in_index=0,
        num_convs=1,
        concat_input=False,
        dropout_ratio=0.0,
        num_classes=CLASSES,
        norm_cfg=dict(type='BN'),
    )
    return dict(source=source, lowest=lowest, head=head, loss_weight=0.4)


def relay_config(model, auxiliaries, primary_lowest=None, **settings):
    return dict(type='mmgb.RelayBP', model=model, auxiliaries=auxiliaries, primary_lowest=primary_lowest, **settings)


def batch(network, size=2, seed=1):
    """Draw float64 images and labelled data samples."""
    generator = torch.Generator().manual_seed(seed)
    side = SIDES[network]
    images = torch.randn(size, 3, side, side, generator=generator, dtype=torch.float64)
    if network == 'fcn':
        labels = torch.randint(CLASSES, (size, 1, side, side), generator=generator)
        meta = dict(img_shape=(side, side), ori_shape=(side, side), pad_shape=(side, side))
        return images, [SegDataSample(gt_sem_seg=PixelData(data=label), metainfo=meta) for label in labels]
    labels = torch.randint(CLASSES, (size,), generator=generator)
    return images, [DataSample().set_gt_label(label) for label in labels]


def total(losses):
    """Add the losses that mmengine back-propagates."""
    return sum(value for name, value in losses.items() if 'loss' in name)


def by_definition(network, config, relay, images, samples, plain_model=None):
    """Differentiate each loss of a plain model alone, with respect to the parameters of its own range.

    The plain model is built from ``config['model']`` and gets the weights of ``relay``. :data:`UNITS` tells which
    parameters belong to a range.

    Returns:
        Gradients by parameter name.
    """
    plain = build(network, config['model']) if plain_model is None else plain_model
    weights = relay.state_dict()
    plain.load_state_dict({name: weights[name] for name in plain.state_dict()})
    features = {}
    for entry in config['auxiliaries']:
        plain.get_submodule(entry['source']).register_forward_hook(
            lambda module, args, output, source=entry['source']: features.update({source: output.clone()})
        )
    losses = [(total(plain.loss(images, samples)), 'plain', config['primary_lowest'], None)]
    heads = copy.deepcopy(relay.auxiliaries)
    for i, entry in enumerate(config['auxiliaries']):
        arguments = ((features[entry['source']],), samples, *([plain.train_cfg] if network == 'fcn' else []))
        loss = total(heads[i].loss(*arguments)) * entry.get('loss_weight', 0.3)
        losses.append((loss, f'auxiliaries.{i}', entry['lowest'], entry['source']))
    gradients = {}
    for loss, owner, lowest, source in losses:
        units = _range(network, lowest, source)
        parameters = {
            name: parameter
            for name, parameter in plain.named_parameters()
            if f'{name}.'.startswith(tuple(f'{unit}.' for unit in units))
        }
        if owner != 'plain':
            parameters.update(heads[int(owner[-1])].named_parameters(prefix=owner))
        parameters = {name: parameter for name, parameter in parameters.items() if parameter.requires_grad}
        found = torch.autograd.grad(loss, list(parameters.values()), retain_graph=True)
        for name, gradient in zip(parameters, found):
            gradients[name] = gradients[name] + gradient if name in gradients else gradient
    return gradients


def _range(network, lowest, source):
    units = UNITS[network]

    def inside(unit, path):
        return f'{unit}.'.startswith(f'{path}.') or f'{path}.'.startswith(f'{unit}.')

    first = 0 if lowest is None else next(i for i, unit in enumerate(units) if inside(unit, lowest))
    last = len(units) if source is None else max(i for i, unit in enumerate(units) if inside(unit, source)) + 1
    return units[first:last]


def gradients_of(model, images, samples):
    """Run one ordinary backward pass and return the gradients by parameter name."""
    model.zero_grad()
    total(model(images, samples, mode='loss')).backward()
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.requires_grad}


def assert_same(found, expected, tolerance=1e-10):
    """Compare gradients; the tolerance is relative to the largest entry of each parameter's gradient."""
    assert found.keys() == expected.keys()
    without = [name for name, gradient in found.items() if gradient is None]
    assert not without, f'no gradient: {without}'
    errors = {name: float((found[name] - expected[name]).abs().max() / expected[name].abs().max()) for name in found}
    wrong = {name: error for name, error in errors.items() if not error <= tolerance}
    assert not wrong, f'{len(wrong)} of {len(errors)} gradients differ: {dict(list(wrong.items())[:5])}'
