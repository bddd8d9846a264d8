"""What RelayBP refuses in one sentence: when it is built, or at the first step, before any update."""

import copy
import re

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

ONE = auxiliary('backbone.layer3.3', None, 1024)


def resnet(auxiliaries=(ONE,), primary_lowest='backbone.layer3.0', **backbone):
    model = copy.deepcopy(RESNET)
    model['backbone'].update(backbone)
    return relay_config(model, list(auxiliaries), primary_lowest)


@pytest.mark.parametrize(
    'config, message',
    [
        (
            resnet([dict(ONE, source='backbone.layer3.33')]),
            r"'backbone.layer3.33'.*close matches: .*backbone\.layer3\.3",
        ),
        (resnet([dict(ONE, lowest='backbon.layer2')]), r"'backbon.layer2'.*close matches: .*backbone\.layer2"),
        (resnet(primary_lowest='backbone.layer5'), r"'backbone.layer5'.*close matches: .*backbone\.layer4"),
        (resnet(primary_lowest=''), "''"),
        (resnet([ONE, dict(ONE, lowest='backbone.layer2')]), "source='backbone.layer3.3' is used twice"),
        (
            resnet([ONE, auxiliary('backbone.layer2.0', 'backbone.layer1.1', 512)], frozen_stages=2),
            r"'backbone.layer2.0'.*'backbone.layer1.1'.*frozen",
        ),
        (resnet([auxiliary('backbone.layer2', None, 512)], frozen_stages=2), "'backbone.layer2'.*frozen"),
        (resnet([{'source': 'backbone.layer3.3'}]), 'keys source: expected source, head'),
        (resnet([dict(ONE, weight=1.0)]), 'weight: expected source, head and, optionally, lowest and loss_weight'),
        (dict(resnet(), auxiliaries=ONE), 'auxiliaries is a ConfigDict: expected a list of dicts'),
        (dict(resnet(), auxiliaries=None), 'auxiliaries is a NoneType: expected a list of dicts'),
        (resnet(['backbone.layer3.3']), 'auxiliaries is a list: expected a list of dicts'),
        (resnet([dict(ONE, source=None)]), 'None: expected the path of a module'),
        (resnet([dict(ONE, lowest=3)]), '3: expected the path of a module'),
        (resnet([dict(ONE, loss_weight='0.3')]), "loss_weight='0.3': expected a number"),
        (dict(resnet(), propagation='both'), "propagation='both': expected 'relay' or 'standard'"),
        (dict(resnet(), model=dict(backbone=dict(type='ResNet', depth=50))), 'model=.*expected the config of a model'),
        (dict(resnet(), model=dict(type='ImageClasifier')), "'ImageClasifier' is not a registered model"),
    ],
)
def test_refused_when_it_is_built(config, message):
    with pytest.raises(ValueError, match=message) as refusal:
        build('resnet', config)
    assert '\n' not in str(refusal.value)


def refused_at_the_first_step(network, relay, message):
    """One step of training that must fail with ``message`` and leave model, optimizer and hooks as they were."""
    before = copy.deepcopy(dict(relay.named_parameters()))
    optimizer = torch.optim.SGD(relay.parameters(), 0.1)
    images, samples = batch(network)
    with pytest.raises(ValueError, match=message) as refusal:
        relay.data_preprocessor.forward = lambda data, training: data
        relay.train_step(dict(inputs=images, data_samples=samples), OptimWrapper(optimizer))
    assert re.fullmatch(r'[^\n]*', str(refusal.value))
    assert all(torch.equal(parameter, before[name]) for name, parameter in relay.named_parameters())
    assert all(parameter.grad is None for parameter in relay.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in relay.modules())


@pytest.mark.parametrize(
    'config, message',
    [
        (
            resnet([dict(ONE, lowest='backbone.layer4.0')]),
            "lowest='backbone.layer4.0' runs after source='backbone.layer3.3'",
        ),
        (resnet([dict(ONE, source='backbone')]), "source='backbone' gives a tuple: expected one tensor"),
        (resnet([dict(ONE, source='backbone.layer3.3.relu')]), "source='backbone.layer3.3.relu' runs several times"),
        (resnet(primary_lowest='head'), "lowest='head'"),
        (
            resnet([auxiliary('backbone.layer2.2', None, 512)]),
            r'leave backbone\.layer2\.3\.\S+, .* and 6 more without any',
        ),
        (resnet([dict(ONE, lowest='backbone.layer1.0')]), r'leave backbone\.bn1\.bias, .*conv1.* without any gradient'),
        (resnet(primary_lowest='backbone.layer3.0.conv1'), r'the primary loss reaches .* another way'),
        (resnet([dict(ONE, source='backbone.layer4.0.bn3')], 'backbone.layer4.0.conv3'), 'by another way'),
    ],
)
def test_refused_at_the_first_step_and_nothing_has_changed(config, message):
    refused_at_the_first_step('resnet', build('resnet', config), message)


def test_a_module_that_the_model_holds_but_never_calls_is_refused():
    config = relay_config(VGG, [auxiliary('backbone.features', None, 512)], 'backbone.features.16')
    refused_at_the_first_step('vgg', build('vgg', config), "source='backbone.features' did not run")


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
            r"the primary loss reaches backbone\.\S+.* also by another way than through lowest='backbone.layer3.0'",
        ),
        (
            multi_level(TWO_STAGES, 'backbone.layer3', None, 'backbone.layer4'),
            r"the primary loss reaches .* also by another way than through lowest='backbone.layer4'",
        ),
        (
            multi_level(TWO_STAGES, 'backbone.layer4.0.conv1', 'backbone.layer2', None),
            r"the primary loss reaches .* also by another way than through source='backbone.layer4.0.conv1'",
        ),
    ],
)
def test_a_range_that_a_multi_level_head_enters_by_several_edges_is_refused(config, message):
    config['auxiliaries'][0]['head']['in_channels'] = 512 if 'layer4' in config['auxiliaries'][0]['source'] else 1024
    refused_at_the_first_step('fcn', build('fcn', config), message)


@pytest.mark.parametrize(
    'config',
    [
        multi_level(TWO_STAGES, 'backbone.layer3', None, 'backbone.layer3.1'),
        multi_level(UPER, 'backbone.layer3.3', 'backbone.layer3.0', None),
    ],
)
def test_multi_level_heads_are_exact_where_every_end_has_one_edge(config):
    relay = build('fcn', config)
    images, samples = batch('fcn')
    assert_same(gradients_of(relay, images, samples), by_definition('fcn', config, relay, images, samples))


def test_a_stock_list_of_auxiliary_heads_whose_losses_have_the_same_names_is_refused():
    head = fcn_auxiliary('', None, 1024)['head']
    model = dict(FCN, auxiliary_head=[dict(head, in_index=2), dict(head, in_index=2)])
    relay = build('fcn', relay_config(model, [fcn_auxiliary('backbone.layer3', None, 1024)]))
    refused_at_the_first_step('fcn', relay, "'aux_0.loss_ce'")


@pytest.mark.parametrize('module', ['layer2', 'layer3', 'layer4'])
def test_a_reentrant_checkpoint_that_somebody_asked_for_is_refused(module):
    relay = build('resnet', resnet())
    stage = getattr(relay.backbone, module)
    forward = stage.forward
    stage.forward = lambda x: checkpoint(forward, x, use_reentrant=True)
    refused_at_the_first_step('resnet', relay, 'use_reentrant=False')


@pytest.mark.parametrize('how', ['wrapped', 'in place'])
def test_a_compiled_backbone_is_refused_by_name(how):
    relay = build('resnet', resnet())
    if how == 'wrapped':
        relay.backbone = torch.compile(relay.backbone, backend='eager')
    else:
        relay.backbone.compile(backend='eager')
    refused_at_the_first_step('resnet', relay, "'backbone.layer3.*' lies in 'backbone', which is compiled")
