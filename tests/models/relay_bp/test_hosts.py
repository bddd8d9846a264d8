"""RelayBP with what hosts do to a model: injected settings, layer-wise learning rates, test-time augmentation, APIs."""

import copy

import mmpretrain.apis
import mmseg.apis
import pytest
import torch
from helpers.relay_models import (
    FCN,
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
)
from mmengine.config import Config, ConfigDict
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, DefaultScope

pytestmark = pytest.mark.slow

CLASSIFIER = relay_config(RESNET, [auxiliary('backbone.layer3.3', None, 1024)], 'backbone.layer3.0')
SEGMENTOR = relay_config(FCN, [fcn_auxiliary('backbone.layer3', None, 1024)], 'backbone.layer3.0')
# As in mmpretrain's data configs.
PREPROCESSING = dict(num_classes=5, mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=True)
CONFIGS = {'resnet': CLASSIFIER, 'fcn': SEGMENTOR}


def build_by_host(network, **settings):
    """Build a model as a host does, in float32 unlike :func:`relay_models.build`."""
    torch.manual_seed(0)
    with scope(network):
        return MODELS.build(ConfigDict(copy.deepcopy(dict(CONFIGS[network], **settings))))


def test_the_outermost_data_preprocessor_is_used_unless_the_model_has_its_own():
    relay = build_by_host('resnet', data_preprocessor=copy.deepcopy(PREPROCESSING))
    assert type(relay.data_preprocessor).__name__ == 'ClsDataPreprocessor'
    assert relay.data_preprocessor.mean.flatten().tolist() == PREPROCESSING['mean']
    own = build_by_host(
        'resnet',
        model=dict(RESNET, data_preprocessor=dict(PREPROCESSING, mean=[7.0, 8.0, 9.0])),
        data_preprocessor=copy.deepcopy(PREPROCESSING),
    )
    assert own.data_preprocessor.mean.flatten().tolist() == [7.0, 8.0, 9.0]
    segmentor = build_by_host('fcn', data_preprocessor=dict(type='SegDataPreProcessor', size=(32, 32)))
    assert segmentor.data_preprocessor.size == (64, 64)


@pytest.mark.parametrize('network', CONFIGS)
def test_injected_settings_of_none_change_nothing(network):
    relay, untouched = (
        build_by_host(network, pretrained=None, train_cfg=None, data_preprocessor=None),
        build_by_host(network),
    )
    assert relay.state_dict().keys() == untouched.state_dict().keys()
    assert str(relay.data_preprocessor) == str(untouched.data_preprocessor)
    assert getattr(relay, 'train_cfg', None) == getattr(untouched, 'train_cfg', None)


def test_pretrained_weights_are_loaded_and_the_auxiliary_heads_initialised(tmp_path):
    plain = build('resnet', RESNET).float()
    torch.save(dict(state_dict=plain.state_dict()), tmp_path / 'plain.pth')
    relay = build_by_host('resnet', pretrained=str(tmp_path / 'plain.pth'))
    head = copy.deepcopy(relay.auxiliaries[0])
    with scope('resnet'):
        relay.init_weights()
    weights = relay.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in plain.state_dict().items())
    assert not torch.equal(head.fc.weight, relay.auxiliaries[0].fc.weight)
    assert relay.auxiliaries[0].fc.bias.eq(0).all()  # as AuxiliaryClsHead initialises it


def test_mixup_labels_reach_the_auxiliary_losses():
    relay = build_by_host(
        'resnet', data_preprocessor=dict(PREPROCESSING), train_cfg=dict(augments=dict(type='Mixup', alpha=1.0))
    )
    images, samples = batch('resnet')
    data = relay.data_preprocessor(dict(inputs=images.float(), data_samples=samples), training=True)
    assert 'gt_score' in data['data_samples'][0]
    assert set(relay(**data, mode='loss')) == {'loss', 'aux_0.loss'}


def test_layer_wise_learning_rates_equal_the_plain_ones_and_auxiliaries_get_that_of_the_head():
    settings = dict(
        constructor='LearningRateDecayOptimWrapperConstructor',
        optimizer=dict(type='SGD', lr=1.0, weight_decay=0.1),
        paramwise_cfg=dict(layer_decay_rate=0.5),
    )
    relay = build_by_host('resnet')
    with scope('resnet'):
        plain = MODELS.build(copy.deepcopy(RESNET))
        rates = {}
        for model in (relay, plain):
            names = {parameter: name for name, parameter in model.named_parameters()}
            groups = build_optim_wrapper(model, copy.deepcopy(settings)).optimizer.param_groups
            rates[model] = {names[parameter]: group['lr'] for group in groups for parameter in group['params']}
    assert {name: rate for name, rate in rates[relay].items() if 'auxiliaries' not in name} == rates[plain]
    assert {rate for name, rate in rates[relay].items() if 'auxiliaries' in name} == {rates[plain]['head.fc.weight']}
    assert len(set(rates[plain].values())) == 8


def augmented(network, images, samples):
    return dict(inputs=[list(images), list(images.flip(-1))], data_samples=[copy.deepcopy(samples) for _ in range(2)])


@pytest.mark.parametrize('network, kind', [('resnet', 'AverageClsScoreTTA'), ('fcn', 'SegTTAModel')])
def test_test_time_augmentation_equals_that_of_the_plain_model(network, kind):
    preprocessing = dict(PREPROCESSING) if network == 'resnet' else FCN['data_preprocessor']
    results, weights = [], None
    for module in (CONFIGS[network], CONFIGS[network]['model']):
        with scope(network):
            tta = MODELS.build(
                ConfigDict(
                    copy.deepcopy(
                        dict(
                            type=kind,
                            module=module,
                            data_preprocessor=dict(type='ClsDataPreprocessor', **preprocessing)
                            if network == 'resnet'
                            else preprocessing,
                        )
                    )
                )
            )
        weights = weights or tta.module.state_dict()
        tta.module.load_state_dict(weights, strict=False)
        images, samples = batch(network)
        for sample in samples:
            sample.set_metainfo(dict(img_path='x', flip=False))
        with torch.no_grad():
            results.append(tta.eval().test_step(augmented(network, images.float(), samples)))
    for one, other in zip(*results):
        if network == 'resnet':
            assert torch.equal(one.pred_score, other.pred_score)
        else:
            assert torch.equal(one.pred_sem_seg.data, other.pred_sem_seg.data)


def test_reverted_sync_batch_norm_is_exact():
    config = copy.deepcopy(SEGMENTOR)
    for part in (config['model']['backbone'], config['model']['decode_head'], config['auxiliaries'][0]['head']):
        part['norm_cfg'] = dict(type='SyncBN', requires_grad=True)
    relay = revert_sync_batchnorm(build('fcn', config)).double()
    plain = revert_sync_batchnorm(build('fcn', config['model'])).double()
    assert not any(isinstance(module, torch.nn.SyncBatchNorm) for module in relay.modules())
    images, samples = batch('fcn')
    assert_same(gradients_of(relay, images, samples), by_definition('fcn', config, relay, images, samples, plain))


def test_mmseg_init_model_loads_a_plain_checkpoint(tmp_path):
    plain = build('fcn', FCN).float()
    torch.save(
        dict(state_dict=plain.state_dict(), meta=dict(dataset_meta=dict(classes=list('abcde'), palette=[]))),
        tmp_path / 'plain.pth',
    )
    cfg = Config(dict(model=copy.deepcopy(SEGMENTOR), default_scope='mmseg'))
    relay = mmseg.apis.init_model(cfg, str(tmp_path / 'plain.pth'), device='cpu')
    weights = relay.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in plain.state_dict().items())


def test_mmpretrain_get_model_loads_a_plain_checkpoint(tmp_path):
    plain = build('resnet', RESNET).float()
    torch.save(dict(state_dict=plain.state_dict()), tmp_path / 'plain.pth')
    cfg = Config(
        dict(model=copy.deepcopy(CLASSIFIER), default_scope='mmpretrain', data_preprocessor=dict(PREPROCESSING))
    )
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        relay = mmpretrain.apis.get_model(cfg, pretrained=str(tmp_path / 'plain.pth'), device='cpu')
    weights = relay.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in plain.state_dict().items())
    assert type(relay.data_preprocessor).__name__ == 'ClsDataPreprocessor'


@pytest.mark.filterwarnings('ignore')
def test_a_compiled_train_step_equals_the_plain_one():
    """mmengine's ``cfg.compile`` compiles ``train_step``."""
    gradients = []
    for compiled in (False, True):
        relay = build('resnet', CLASSIFIER)
        relay.data_preprocessor.forward = lambda data, training: data
        with scope('resnet'):
            wrapper = build_optim_wrapper(relay, dict(optimizer=dict(type='SGD', lr=1.0)))
        step = torch.compile(relay.train_step, backend='eager') if compiled else relay.train_step
        images, samples = batch('resnet')
        step(dict(inputs=images, data_samples=samples), wrapper)
        gradients.append(dict(relay.named_parameters()))
    assert_same(*gradients)
