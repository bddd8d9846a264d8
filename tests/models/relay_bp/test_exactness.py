"""RelayBP's gradients equal the definition: each loss of a plain model, differentiated alone for its own layers."""

import copy

import pytest
import torch
from helpers.relay_models import (
    FCN,
    MODELS_OF,
    RESNET,
    assert_same,
    auxiliary,
    batch,
    build,
    by_definition,
    fcn_auxiliary,
    gradients_of,
    relay_config,
)
from mmengine.runner.activation_checkpointing import turn_on_activation_checkpointing

pytestmark = pytest.mark.slow


def a(path, lowest, channels):
    """Make the config of an auxiliary loss from paths inside the backbone."""
    return auxiliary(f'backbone.{path}', lowest and f'backbone.{lowest}', channels)


# name: (network, auxiliaries, lowest module of the primary loss)
CASES = {
    "ResNet-50, the paper's overlap": ('resnet', [a('layer3.3', None, 1024)], 'layer3.0'),
    'ResNet-50, a chain of three': ('resnet', [a('layer2.1', None, 512), a('layer3.3', 'layer2.0', 1024)], 'layer3.0'),
    'ResNet-50, a chain of four': (
        'resnet',
        [a('layer1.1', None, 256), a('layer2.2', 'layer1.1', 512), a('layer3.3', 'layer2.1', 1024)],
        'layer3.2',
    ),
    'ResNet-50, three nested': ('resnet', [a('layer3.4', 'layer2.0', 1024), a('layer3.2', 'layer3.0', 1024)], None),
    'ResNet-50, three that start at the bottom and at one layer': (
        'resnet',
        [a('layer2.3', None, 512), a('layer3.3', 'layer2.0', 1024)],
        'layer2.0',
    ),
    'ResNet-50, ranges that only touch': ('resnet', [a('layer2', None, 512)], 'layer3'),
    'ResNet-50, sources followed by an addition and a ReLU in place': (
        'resnet',
        [a('bn1', None, 64), a('layer3.3.bn3', 'maxpool', 1024)],
        'layer3.0',
    ),
    'ResNet-50, a stage and its first and last block': (
        'resnet',
        [a('layer3.5', None, 1024), a('layer3', 'layer2', 1024)],
        'layer2.0',
    ),
    "Inception-v3, the paper's overlap": ('inception', [a('Mixed_6e', None, 768)], 'Mixed_6b'),
    'Inception-v3, a chain of three, ReLU in place after a source and as lowest': (
        'inception',
        [a('Conv2d_4a_3x3.bn', None, 192), a('Mixed_6c', 'Conv2d_2b_3x3.relu', 768)],
        'Mixed_6a',
    ),
    'Inception-v3, three nested': ('inception', [a('Mixed_6e', 'Mixed_5b', 768), a('Mixed_6c', 'Mixed_6a', 768)], None),
    'VGG-19, Figure 2': ('vgg', [a('features.10', None, 256), a('features.15', 'features.6', 512)], 'features.11'),
    'VGG-19, one auxiliary over all': ('vgg', [a('features.15', None, 512)], 'features.11'),
    'VGG-19, three nested': ('vgg', [a('features.18', 'features.6', 512), a('features.14', 'features.11', 512)], None),
    'VGG-19, ReLU in place after every source and as every lowest': (
        'vgg',
        [a('features.8.conv', None, 256), a('features.14.conv', 'features.4.activate', 512)],
        'features.8.activate',
    ),
    'VGG-19, ReLU in place, nested': (
        'vgg',
        [a('features.16.conv', 'features.6.activate', 512), a('features.13.conv', 'features.11.activate', 512)],
        None,
    ),
}


def case(name):
    network, auxiliaries, lowest = CASES[name]
    lowest = lowest and f'backbone.{lowest}'
    return network, relay_config(MODELS_OF[network], copy.deepcopy(auxiliaries), lowest)


@pytest.fixture(scope='module')
def plain_models():
    return {}


def plain_of(plain_models, network):
    """Return a copy of the plain model, without hooks of earlier tests. Each network is built once."""
    if network not in plain_models:
        plain_models[network] = build(network, MODELS_OF[network])
    return copy.deepcopy(plain_models[network])


@pytest.mark.parametrize('name', CASES)
def test_one_backward_pass_gives_the_gradients_of_the_definition(name, plain_models):
    network, config = case(name)
    relay = build(network, config)
    images, samples = batch(network)
    expected = by_definition(network, config, relay, images, samples, plain_of(plain_models, network))
    assert_same(gradients_of(relay, images, samples), expected)


def test_the_reference_distinguishes_relay_from_standard_backpropagation(plain_models):
    network, config = case('ResNet-50, a chain of three')
    relay, standard = build(network, config), build(network, dict(config, propagation='standard'))
    standard.load_state_dict(relay.state_dict())
    images, samples = batch(network)
    unlimited = copy.deepcopy(config)
    for entry in (*unlimited['auxiliaries'], unlimited):
        entry['primary_lowest' if entry is unlimited else 'lowest'] = None
    multi_loss = by_definition(network, unlimited, relay, images, samples, plain_of(plain_models, network))
    assert_same(gradients_of(standard, images, samples), multi_loss)
    relayed = gradients_of(relay, images, samples)
    stem = 'backbone.conv1.weight'
    assert (relayed[stem] - multi_loss[stem]).abs().max() > 0.1 * multi_loss[stem].abs().max()


def test_frozen_layers_get_no_gradient_and_a_range_may_end_inside_them():
    network, config = case('ResNet-50, a chain of three')
    config['model'] = copy.deepcopy(RESNET)
    config['model']['backbone']['frozen_stages'] = 2
    config['auxiliaries'] = [a('layer3.4', None, 1024), a('layer3.3', 'layer2.0', 1024)]
    relay = build(network, config)
    images, samples = batch(network)
    assert_same(gradients_of(relay, images, samples), by_definition(network, config, relay, images, samples))
    assert all(parameter.grad is None for parameter in relay.backbone.layer2.parameters())


def test_the_primary_loss_may_update_a_linear_classifier_alone():
    config = relay_config(RESNET, [a('layer4', None, 2048)], 'head.fc')
    relay = build('resnet', config)
    images, samples = batch('resnet')
    assert_same(gradients_of(relay, images, samples), by_definition('resnet', config, relay, images, samples))


def test_an_fcn_whose_auxiliary_head_is_a_relay_is_exact():
    config = relay_config(FCN, [fcn_auxiliary('backbone.layer3', None, 1024)], 'backbone.layer3.0')
    relay = build('fcn', config)
    images, samples = batch('fcn')
    assert_same(gradients_of(relay, images, samples), by_definition('fcn', config, relay, images, samples))


@pytest.mark.parametrize('how', ['by the host', 'by mmengine, in part', 'by mmengine, as a whole'])
@pytest.mark.parametrize('frozen_norm', [False, True])
@pytest.mark.parametrize(
    'name', ['ResNet-50, a chain of three', 'ResNet-50, sources followed by an addition and a ReLU in place']
)
def test_activation_checkpointing_changes_no_gradient_and_no_statistic(how, frozen_norm, name, plain_models):
    network, config = case(name)
    config['model'] = copy.deepcopy(RESNET)
    config['model']['backbone']['norm_eval'] = frozen_norm
    plain = build(network, config['model'])
    if how == 'by the host':
        config['model']['backbone']['with_cp'] = True
    relay = build(network, config)
    if how != 'by the host':
        turn_on_activation_checkpointing(
            relay,
            ['backbone']
            if how.endswith('whole')
            else ['backbone.layer3.1', 'backbone.layer3.3.conv3', 'backbone.layer4'],
        )
    images, samples = batch(network)
    expected = by_definition(network, config, relay, images, samples, plain)
    assert_same(gradients_of(relay, images, samples), expected)
    assert_same_statistics(relay, plain)
    updates = 0 if frozen_norm else 1
    assert relay.backbone.layer3[1].bn2.num_batches_tracked == updates


def assert_same_statistics(relay, plain):
    """Compare the buffers bit by bit."""
    buffers = dict(relay.named_buffers())
    for name, buffer in plain.named_buffers():
        assert torch.equal(buffers[name], buffer), name
