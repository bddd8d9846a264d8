"""A suggested relay is a config that trains as it is; what can't be gated is refused with the reason."""

import copy

import pytest
import torch
from helpers.swapped_losses import host_configs
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from mmgb.functional.errors import ConfigError
from mmgb.suggest.class_aware import with_class_aware_sampler
from mmgb.suggest.overrides import plain
from mmgb.suggest.relay import suggest_relay
from mmgb.suggest.suggestion import config_text
from mmgb.suggest.trial_batch import trial_batch

LABEL_SMOOTH = dict(type='LabelSmoothLoss', label_smooth_val=0.1, loss_weight=2.0)
PIPELINE = dict(train_dataloader=dict(sampler=dict(type='DefaultSampler'), dataset=dict(type='X', pipeline=[])))
CLASSIFIER = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=18, base_channels=4, stem_channels=4),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=32, loss=LABEL_SMOOTH),
)
NORM = dict(type='SyncBN')
HEAD = dict(type='FCNHead', num_classes=9, channels=4, num_convs=1, norm_cfg=NORM)
DEEP_HEAD = dict(HEAD, in_channels=32, in_index=3)
SEGMENTOR = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(type='SegDataPreProcessor', size=(512, 1024)),
    pretrained='open-mmlab://resnet18_v1c',
    backbone=dict(type='ResNetV1c', depth=18, base_channels=4, stem_channels=4, norm_cfg=NORM),
    decode_head=DEEP_HEAD,
    auxiliary_head=dict(HEAD, in_channels=16, in_index=2, loss_decode=dict(type='CrossEntropyLoss', loss_weight=0.4)),
)


def config_of(model, scope):
    crop = dict(type='RandomCrop', crop_size=64)
    loader = copy.deepcopy(PIPELINE)
    loader['train_dataloader']['dataset']['pipeline'] = [crop]
    preprocessor = (
        {} if scope == 'mmseg' else dict(data_preprocessor=dict(num_classes=10, mean=[127.0] * 3, std=[60.0] * 3))
    )
    optimizer = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01))
    return dict(default_scope=scope, model=model, optim_wrapper=optimizer, **preprocessor, **loader)


@pytest.mark.parametrize(
    'model, scope, source, lowest',
    [
        (CLASSIFIER, 'mmpretrain', 'backbone.layer3.0', 'backbone.layer3.0'),
        (SEGMENTOR, 'mmseg', 'backbone.layer3.1', 'backbone.layer3.0'),
        (dict(SEGMENTOR, auxiliary_head=None), 'mmseg', 'backbone.layer3.0', 'backbone.layer3.0'),
    ],
    ids=['classifier', 'own auxiliary head', 'segmentor'],
)
def test_the_new_config_trains_as_it_is(model, scope, source, lowest, tmp_path):
    base = tmp_path / 'base.py'
    Config(config_of(model, scope)).dump(base)
    cfg = Config.fromfile(base)
    before = cfg.to_dict()
    suggestion = with_class_aware_sampler(suggest_relay(cfg), cfg)
    assert cfg.to_dict() == before
    (tmp_path / 'new.py').write_text(config_text(suggestion, str(base), str(tmp_path)), encoding='utf-8')
    new = Config.fromfile(tmp_path / 'new.py')
    assert new.train_dataloader.sampler == dict(type='mmgb.ClassAwareSampler')
    (auxiliary,) = new.model.auxiliaries
    assert (auxiliary.source, new.model.primary_lowest) == (source, lowest)
    if model.get('auxiliary_head'):
        assert new.model.model.auxiliary_head is None
        assert auxiliary.loss_weight == 1.0 and auxiliary.head.loss_decode.loss_weight == 0.4
    else:
        assert 'loss_weight' not in auxiliary and auxiliary.head.num_classes == (9 if scope == 'mmseg' else 10)
    if scope == 'mmpretrain':
        assert auxiliary.head.loss == LABEL_SMOOTH

    new.model.model.pop('pretrained', None)
    with DefaultScope.overwrite_default_scope(scope):
        network = MODELS.build(dict(copy.deepcopy(new.model), data_preprocessor=new.get('data_preprocessor')))
        network = revert_sync_batchnorm(network).train()
        optimizer = build_optim_wrapper(network, new.optim_wrapper)
        if scope == 'mmseg':
            network.data_preprocessor.size = (64, 64)
        log = network.train_step(trial_batch(scope, 64, 2, torch.Generator()), optimizer)
    assert 'aux_0.loss' in log or 'aux_0.loss_ce' in log


CE = dict(type='CrossEntropyLoss')
BINARY = dict(num_classes=2, out_channels=1, loss_decode=dict(CE, use_sigmoid=True))


def test_a_network_for_small_images_is_tried_on_images_of_its_size():
    cfg = Config.fromfile(host_configs('mmpretrain') / 'lenet/lenet5_mnist.py')  # takes 32x32 pixels only
    (auxiliary,) = suggest_relay(cfg).overrides['model']['auxiliaries']
    assert auxiliary['source'].startswith('backbone.features')


@pytest.mark.parametrize(
    'settings, ignored, other',
    [
        ({}, 255, 3),
        (dict(ignore_index=0), 0, 3),
        (dict(ignore_index=7), 7, 3),
        (dict(ignore_index=3, loss_decode=[CE, dict(CE, loss_name='loss_2')]), 3, 5),
        (dict(BINARY, threshold=0.5), 255, 1),
        (dict(BINARY, threshold=0.5, ignore_index=2), 2, 1),
    ],
    ids=['default', 'first class', 'last class', 'two losses', 'one channel', 'one channel, own label'],
)
def test_the_auxiliary_loss_ignores_what_the_decode_head_ignores(settings, ignored, other):
    """No ignored pixel has a gradient of the auxiliary loss, and the outputs are as many."""
    cfg = Config(config_of(dict(SEGMENTOR, auxiliary_head=None, decode_head={**DEEP_HEAD, **settings}), 'mmseg'))
    (auxiliary,) = suggest_relay(cfg).overrides['model']['auxiliaries']
    with DefaultScope.overwrite_default_scope('mmseg'):
        decode, head = (
            revert_sync_batchnorm(MODELS.build(copy.deepcopy(each)))
            for each in (plain(cfg.model.decode_head), auxiliary['head'])
        )
    assert (head.num_classes, head.out_channels, head.threshold, head.ignore_index) == (
        *(decode.num_classes, decode.out_channels, decode.threshold, decode.ignore_index),
    )
    labels = torch.full((2, 1, 8, 8), ignored)
    labels[:, :, :, 4:] = other
    samples = [SegDataSample(gt_sem_seg=PixelData(data=label)) for label in labels]
    scores = torch.randn(2, head.out_channels, 8, 8, requires_grad=True)
    losses = head.loss_by_feat(scores, samples)
    (gradient,) = torch.autograd.grad(sum(value for name, value in losses.items() if 'loss' in name), scores)
    assert not gradient[..., :4].any() and gradient[..., 4:].all()


@pytest.mark.parametrize(
    'model, scope, sentence',
    [
        (dict(type='mmgb.RelayBP'), 'mmpretrain', 'expected a model without relays'),
        (dict(CLASSIFIER, head=dict(type='CSRAClsHead')), 'mmpretrain', 'expected one label per image'),
        (
            dict(
                SEGMENTOR,
                auxiliary_head=None,
                decode_head=dict(HEAD, in_channels=(4, 32), in_index=(0, 3), input_transform='resize_concat'),
            ),
            'mmseg',
            "got 'backbone.layer1.1' at .*as the last one; heads that read several levels",
        ),
        (
            dict(CLASSIFIER, head=dict(type='LinearClsHead', num_classes=10, in_channels=31)),
            'mmpretrain',
            'expected one that trains on 2 images of 64x64 pixels here',
        ),
        (
            dict(SEGMENTOR, decode_head=dict(DEEP_HEAD, channels=-4)),
            'mmseg',
            'expected one that can be built here, got RuntimeError',
        ),
        (
            dict(CLASSIFIER, head=dict(type='ITMHead', hidden_size=32, with_pooler=False)),
            'mmpretrain',
            'expected one that trains on 2 images of 64x64 pixels here, .*got AttributeError',
        ),
    ],
    ids=['relay', 'several labels', 'several levels', 'broken', 'not built', 'other samples'],
)
def test_what_cannot_be_gated_is_refused(model, scope, sentence):
    with pytest.raises(ConfigError, match=sentence):
        suggest_relay(Config(config_of(model, scope)))


def learning_rates(cfg):
    """Return the learning rate of each parameter of a model as a training of the config has it."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = revert_sync_batchnorm(MODELS.build(cfg.model))
        groups = build_optim_wrapper(model, cfg.optim_wrapper).optimizer.param_groups
    rates = {id(parameter): group['lr'] for group in groups for parameter in group['params']}
    return {name: rates[id(parameter)] for name, parameter in model.named_parameters()}


@pytest.mark.parametrize(
    'keys',
    [
        {'head': dict(lr_mult=10.0)},
        {'auxiliary_head': dict(lr_mult=2.0), 'head': dict(lr_mult=10.0)},
        {'auxiliary_head.conv_seg': dict(lr_mult=3.0), 'decode_head': dict(lr_mult=10.0)},
        {'conv_seg': dict(lr_mult=3.0)},
    ],
    ids=str,
)
def test_the_auxiliary_head_keeps_its_learning_rates(keys, tmp_path):
    config = config_of(SEGMENTOR, 'mmseg')
    config['optim_wrapper']['paramwise_cfg'] = dict(custom_keys=keys)
    Config(config).dump(tmp_path / 'base.py')
    old = Config.fromfile(tmp_path / 'base.py')
    text = config_text(suggest_relay(old), str(tmp_path / 'base.py'), str(tmp_path))
    (tmp_path / 'new.py').write_text(text, encoding='utf-8')
    before = learning_rates(old)
    after = learning_rates(Config.fromfile(tmp_path / 'new.py'))
    assert after == {name.replace('auxiliary_head.', 'auxiliaries.0.'): rate for name, rate in before.items()}
    assert len(set(before.values())) > 1  # the comparison can fail
