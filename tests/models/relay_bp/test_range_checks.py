"""Ranges that don't fit the model are rejected in one sentence at the first step, before any update."""

import copy

import pytest
import torch
from helpers.relay_models import (
    FCN,
    RESNET,
    VGG,
    assert_same,
    auxiliary,
    batch,
    build,
    by_definition,
    fcn_auxiliary,
    gradients_of,
    relay_config,
)
from mmengine.optim import OptimWrapper
from torch.utils.checkpoint import checkpoint

from mmgb.functional.errors import ConfigError

ONE = auxiliary('backbone.layer3.3', None, 1024)


def resnet(auxiliaries=(ONE,), primary_lowest='backbone.layer3.0', **backbone):
    model = copy.deepcopy(RESNET)
    model['backbone'].update(backbone)
    return relay_config(model, list(auxiliaries), primary_lowest)


def assert_first_step_rejected(network, relay, message):
    """Check that a training step fails with ``message`` and leaves no update, gradient or hook behind."""
    before = copy.deepcopy(dict(relay.named_parameters()))
    optimizer = torch.optim.SGD(relay.parameters(), 0.1)
    images, samples = batch(network)
    with pytest.raises(ConfigError, match=message) as rejection:
        relay.data_preprocessor.forward = lambda data, training: data
        relay.train_step(dict(inputs=images, data_samples=samples), OptimWrapper(optimizer))
    assert '\n' not in str(rejection.value)
    assert all(torch.equal(parameter, before[name]) for name, parameter in relay.named_parameters())
    assert all(parameter.grad is None for parameter in relay.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in relay.modules())


@pytest.mark.parametrize(
    'config, message',
    [
        (
            resnet([dict(ONE, lowest='backbone.layer4.0')]),
            "^lowest='backbone.layer4.0': expected .* before source='backbone.layer3.3', got one that runs after it",
        ),
        (
            resnet([dict(ONE, source='backbone')]),
            "^source='backbone': .* returns one tensor, got a tuple; source='backbone.layer4' instead .* fits",
        ),
        (
            resnet([dict(ONE, source='backbone.layer3.3.relu')]),
            "^source='backbone.layer3.3.relu': .* runs several times",
        ),
        (resnet(primary_lowest='head'), r"^lowest='head': .* exactly one tensor, got inputs \(tuple\)"),
        (
            resnet([auxiliary('backbone.layer2.2', None, 512)]),
            r'leave backbone\.layer2\.3\.\S+, .* and 6 more without any',
        ),
        (resnet([dict(ONE, lowest='backbone.layer1.0')]), r'leave backbone\.bn1\.bias, .*conv1.* without any gradient'),
        (
            resnet(primary_lowest='backbone.layer3.0.conv1'),
            r"a path around it.*; primary_lowest='backbone.layer3.0' fits",
        ),
        (resnet([dict(ONE, source='backbone.layer4.0.bn3')], 'backbone.layer4.0.conv3'), 'a path around it'),
    ],
)
def test_a_range_that_does_not_fit_is_rejected(config, message):
    assert_first_step_rejected('resnet', build('resnet', config), message)


def test_a_module_that_the_forward_pass_never_calls_is_rejected():
    config = relay_config(VGG, [auxiliary('backbone.features', None, 512)], 'backbone.features.16')
    assert_first_step_rejected('vgg', build('vgg', config), "^source='backbone.features': .* did not run")


UPER = dict(type='UPerHead', in_channels=[256, 512, 1024, 2048], in_index=[0, 1, 2, 3], pool_scales=(1, 2))
TWO_STAGES = dict(
    type='FCNHead', in_channels=[1024, 2048], in_index=[2, 3], input_transform='resize_concat', num_convs=1
)


def multi_level(head, source, lowest, primary_lowest):
    decode_head = dict(head, channels=8, num_classes=5, dropout_ratio=0.0, norm_cfg=dict(type='BN'))
    return relay_config(dict(FCN, decode_head=decode_head), [fcn_auxiliary(source, lowest, 1024)], primary_lowest)


@pytest.mark.parametrize(
    'config, message',
    [
        (
            multi_level(UPER, 'backbone.layer3', None, 'backbone.layer3.0'),
            r"^lowest='backbone.layer3.0': .* from the primary loss to backbone\.\S+.* a path around it",
        ),
        (
            multi_level(TWO_STAGES, 'backbone.layer3', None, 'backbone.layer4'),
            r"^lowest='backbone.layer4': .* a path around it.*; primary_lowest='backbone.layer3' fits the model$",
        ),
        (
            multi_level(TWO_STAGES, 'backbone.layer4.0.conv1', 'backbone.layer2', None),
            r"^source='backbone.layer4.0.conv1': .* from the primary loss to lowest='backbone.layer2', got a path",
        ),
    ],
)
def test_a_multi_level_head_that_bypasses_a_range_boundary_is_rejected(config, message):
    config['auxiliaries'][0]['head']['in_channels'] = 512 if 'layer4' in config['auxiliaries'][0]['source'] else 1024
    assert_first_step_rejected('fcn', build('fcn', config), message)


@pytest.mark.slow
@pytest.mark.parametrize(
    'config',
    [
        multi_level(TWO_STAGES, 'backbone.layer3', None, 'backbone.layer3.1'),
        multi_level(UPER, 'backbone.layer3.3', 'backbone.layer3.0', None),
    ],
)
def test_a_multi_level_head_that_bypasses_no_boundary_is_exact(config):
    relay = build('fcn', config)
    images, samples = batch('fcn')
    assert_same(gradients_of(relay, images, samples), by_definition('fcn', config, relay, images, samples))


def test_loss_names_that_the_model_already_uses_are_rejected():
    head = fcn_auxiliary('', None, 1024)['head']
    model = dict(FCN, auxiliary_head=[dict(head, in_index=2), dict(head, in_index=2)])
    relay = build('fcn', relay_config(model, [fcn_auxiliary('backbone.layer3', None, 1024)]))
    assert_first_step_rejected('fcn', relay, "^auxiliaries: expected names .* got 'aux_0.loss_ce' twice")


@pytest.mark.parametrize('module', ['layer2', 'layer3', 'layer4'])
def test_an_explicitly_reentrant_checkpoint_is_rejected(module):
    relay = build('resnet', resnet())
    stage = getattr(relay.backbone, module)
    forward = stage.forward
    stage.forward = lambda x: checkpoint(forward, x, use_reentrant=True)
    assert_first_step_rejected('resnet', relay, 'use_reentrant=False')


@pytest.mark.parametrize(
    'compiled, message',
    [
        ('', "='backbone.layer3.*': expected .* but 'backbone' is compiled"),
        ('backbone', "='backbone.layer3.*': expected .* but 'backbone' is compiled"),
        ('extract_feat', "='backbone.layer3.*': expected a module that runs uncompiled"),
        ('backbone.forward', "='backbone.layer3.*': expected a module that runs uncompiled"),
    ],
    ids=['backbone in place', 'backbone', 'extract_feat', 'forward of the backbone'],
)
def test_a_compiled_backbone_and_compiled_code_around_it_are_rejected(compiled, message):
    torch._dynamo.reset()  # whatever was compiled in this process before: code that it gave up on runs uncompiled
    relay = build('resnet', resnet())
    if compiled:
        owner, _, name = compiled.rpartition('.')
        owner = relay.get_submodule(owner)
        setattr(owner, name, torch.compile(getattr(owner, name), backend='eager'))
    else:
        relay.backbone.compile(backend='eager')
    assert_first_step_rejected('resnet', relay, message)
