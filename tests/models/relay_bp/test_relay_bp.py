"""RelayBP has the statistics, predictions, checkpoint keys and attributes of the plain model."""

import copy

import pytest
import torch
from helpers.relay_models import (
    FCN,
    INCEPTION,
    RESNET,
    assert_same,
    auxiliary,
    batch,
    build,
    by_definition,
    fcn_auxiliary,
    gradients_of,
    relay_config,
    scope,
    total,
)
from mmengine.registry import MODELS
from torch.utils._python_dispatch import TorchDispatchMode

RELAYS = {
    'resnet': relay_config(
        RESNET,
        [auxiliary('backbone.layer2.1', None, 512), auxiliary('backbone.layer3.3', 'backbone.layer2.0', 1024)],
        'backbone.layer3.0',
    ),
    'inception': relay_config(INCEPTION, [auxiliary('backbone.Mixed_6e', None, 768)], 'backbone.Mixed_6b'),
    'fcn': relay_config(FCN, [fcn_auxiliary('backbone.layer3', None, 1024)], 'backbone.layer3.0'),
}


def pair(network, **changes):
    """Build a model with relays and the plain model with the same weights."""
    relay = build(network, dict(RELAYS[network], **changes))
    plain = build(network, RELAYS[network]['model'])
    plain.load_state_dict({name: value for name, value in relay.state_dict().items() if 'auxiliaries' not in name})
    return relay, plain


class Operations(TorchDispatchMode):
    """Record the names of the tensor operations."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(str(function))
        return function(*args, **(kwargs or {}))


def predictions(results):
    if hasattr(results[0], 'pred_score'):
        return [result.pred_score for result in results]
    return [result.seg_logits.data for result in results]


@pytest.mark.slow
@pytest.mark.parametrize('network', RELAYS)
def test_predictions_and_operations_at_test_time_equal_those_of_the_plain_model(network):
    relay, plain = (model.eval() for model in pair(network))
    images, samples = batch(network)
    ran, found = [], []
    for model in (relay, plain):
        with torch.no_grad(), Operations() as operations:
            scores = model(images, copy.deepcopy(samples), mode='tensor')
            found.append(
                [
                    *(scores if isinstance(scores, (list, tuple)) else [scores]),
                    *predictions(model(images, copy.deepcopy(samples), mode='predict')),
                ]
            )
        ran.append(operations.names)
    assert ran[0] == ran[1] and len(ran[0]) > 100
    assert len(found[0]) == len(found[1]) > 2
    assert all(torch.equal(one, other) for one, other in zip(*found) if one is not None)


@pytest.mark.slow
@pytest.mark.parametrize('network', RELAYS)
@pytest.mark.parametrize('propagation', ['relay', 'standard'])
def test_batch_statistics_are_updated_once_a_step_as_in_the_plain_model(network, propagation):
    relay, plain = pair(network, propagation=propagation)
    images, samples = batch(network)
    before = {name: buffer.clone() for name, buffer in relay.named_buffers()}
    for model in (relay, plain):
        total(model(images, samples, mode='loss')).backward()
    after = dict(relay.named_buffers())
    statistics = [name for name in after if name.endswith(('running_mean', 'running_var', 'num_batches_tracked'))]
    assert len(statistics) > 100 and all(not torch.equal(after[name], before[name]) for name in statistics)
    for name, buffer in plain.named_buffers():
        assert torch.equal(after[name], buffer), name
    assert {int(buffer) for name, buffer in after.items() if name.endswith('num_batches_tracked')} == {1}


@pytest.mark.parametrize('network', RELAYS)
def test_checkpoint_keys_are_those_of_the_plain_model_then_those_of_the_heads(network):
    relay, plain = pair(network)
    keys, plain_keys = list(relay.state_dict()), list(plain.state_dict())
    with scope(network):
        heads = [MODELS.build(entry['head']) for entry in RELAYS[network]['auxiliaries']]
    assert keys == plain_keys + [f'auxiliaries.{i}.{key}' for i, head in enumerate(heads) for key in head.state_dict()]
    missing, unexpected = plain.load_state_dict(relay.state_dict(), strict=False)
    assert not missing and unexpected and all(key.startswith('auxiliaries.') for key in unexpected)
    missing, unexpected = relay.load_state_dict(plain.state_dict(), strict=False)
    assert missing and all(key.startswith('auxiliaries.') for key in missing) and not unexpected


def test_it_is_an_instance_of_the_plain_class_with_its_attributes():
    relay, plain = pair('fcn')
    assert isinstance(relay, type(plain))
    for name in ('num_classes', 'out_channels', 'align_corners', 'with_auxiliary_head', 'test_cfg'):
        assert getattr(relay, name) == getattr(plain, name)
    assert list(dict(relay.named_children())) == [*dict(plain.named_children()), 'auxiliaries']


def test_a_model_inherited_from_another_scope_is_built():
    config = dict(RELAYS['fcn'], model=dict(FCN, _scope_='mmseg'))  # as mmengine marks what it inherits
    assert isinstance(build('fcn', config), type(build('fcn', FCN)))


def test_auxiliary_losses_and_accuracies_have_their_own_names_and_weights():
    config = copy.deepcopy(RELAYS['resnet'])
    config['model']['head'].update(cal_acc=True)
    config['auxiliaries'][0]['head'].update(cal_acc=True)
    config['auxiliaries'][1]['loss_weight'] = 2.0
    relay = build('resnet', config)
    images, samples = batch('resnet')
    losses = relay(images, samples, mode='loss')
    assert list(losses) == ['loss', 'accuracy_top-1', 'aux_0.loss', 'aux_0.accuracy_top-1', 'aux_1.loss']
    relay.auxiliaries.settings = [entry._replace(loss_weight=1.0) for entry in relay.auxiliaries.settings]
    unweighed = relay(images, samples, mode='loss')
    for name, weight in (('loss', 1), ('aux_0.loss', 0.3), ('aux_1.loss', 2)):
        assert losses[name].item() == pytest.approx(weight * unweighed[name].item(), rel=1e-12)
    assert losses['aux_0.accuracy_top-1'] == unweighed['aux_0.accuracy_top-1']
    assert_same({'total': relay.parse_losses(losses)[0]}, {'total': total(losses)})


def test_without_auxiliaries_it_is_standard_backpropagation():
    relay, plain = pair('resnet', auxiliaries=[], primary_lowest=None)
    images, samples = batch('resnet')
    assert relay.state_dict().keys() == plain.state_dict().keys()
    assert_same(gradients_of(relay, images, samples), gradients_of(plain, images, samples), 0)


@pytest.mark.slow
def test_gradients_with_any_head_of_the_host_are_exact():
    head = dict(
        type='CSRAClsHead',
        num_classes=5,
        in_channels=1024,
        num_heads=2,
        lam=0.1,
        loss=dict(type='CrossEntropyLoss', use_sigmoid=True),
    )
    config = relay_config(RESNET, [dict(source='backbone.layer3.3', lowest=None, head=head)], 'backbone.layer3.0')
    relay = build('resnet', config)
    images, samples = batch('resnet')
    for sample in samples:
        sample.set_gt_score(torch.eye(5)[sample.gt_label].sum(0) * 0.9)
    assert_same(gradients_of(relay, images, samples), by_definition('resnet', config, relay, images, samples))


@pytest.mark.parametrize('mode', [torch.no_grad, torch.inference_mode])
def test_losses_can_be_computed_without_gradients(mode):
    relay, _ = pair('resnet')
    relay.eval()
    images, samples = batch('resnet')
    with mode():
        without = relay(images, samples, mode='loss')
    losses = relay(images, samples, mode='loss')
    assert without.keys() == losses.keys() and all(torch.equal(value, without[name]) for name, value in losses.items())
