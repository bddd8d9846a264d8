"""The settings of a loss config and the hosts' calling convention, with both boosted losses."""

import copy
import math
import pickle
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmpretrain.models.heads import LinearClsHead
from mmpretrain.registry import MODELS as MMPRETRAIN_MODELS
from mmpretrain.structures import DataSample
from mmseg.models.decode_heads import FCNHead
from mmseg.registry import MODELS as MMSEG_MODELS
from mmseg.structures import SegDataSample

from mmgb.functional import exp_gb_loss, pow3_gb_loss
from mmgb.functional.errors import ConfigError
from mmgb.models.losses import ExpGBLoss, MirroredExpGBLoss, Pow3GBLoss, SquaredErrorLoss, SquentropyLoss

LOSSES = [pytest.param(ExpGBLoss, exp_gb_loss, id='exp'), pytest.param(Pow3GBLoss, pow3_gb_loss, id='pow3')]


@pytest.mark.parametrize('module, function', LOSSES)
def test_defaults_equal_those_of_the_function(module, function, case):
    scores, labels = case
    assert module()(scores, labels, ignore_index=255) == function(scores, labels, ignore_index=255)


@pytest.mark.parametrize('module, function', LOSSES)
def test_the_constructors_ignore_index_is_used_where_the_call_has_none(module, function, case):
    scores, labels = case
    assert module(ignore_index=255)(scores, labels) == function(scores, labels, ignore_index=255)
    assert module(ignore_index=255)(scores, labels, ignore_index=255) == function(scores, labels, ignore_index=255)


@pytest.mark.parametrize('module, function', LOSSES)
def test_call_arguments_reach_the_function(module, function, case):
    scores, labels = case
    weight = torch.rand(labels.shape)
    class_weight = [0.5, 1.0, 2.0]
    options = dict(weight=weight, ignore_index=255)
    loss = module(class_weight=class_weight, loss_weight=0.4, reduction='sum', avg_non_ignore=False)
    kept = dict(class_weight=torch.tensor(class_weight), avg_non_ignore=False, **options)
    assert loss(scores, labels, **options) == 0.4 * function(scores, labels, reduction='sum', **kept)
    assert torch.equal(
        loss(scores, labels, reduction_override='none', **options),
        0.4 * function(scores, labels, reduction='none', **kept),
    )
    assert loss(scores, labels, avg_factor=3.0, reduction_override='mean', **options) == 0.4 * function(
        scores, labels, avg_factor=3.0, **kept
    )


@pytest.mark.parametrize('module, function', LOSSES)
@pytest.mark.parametrize('host', [MMSEG_MODELS, MMPRETRAIN_MODELS], ids=['mmseg', 'mmpretrain'])
def test_resolves_from_each_hosts_registry_and_default_scope(module, function, host):
    with DefaultScope.overwrite_default_scope(host.scope):
        assert type(host.build(dict(type=f'mmgb.{module.__name__}'))) is module


@pytest.mark.parametrize('module, function', LOSSES)
def test_mmseg_head_computes_the_loss_of_the_valid_pixels(module, function):
    torch.manual_seed(0)
    head = FCNHead(
        in_channels=8,
        channels=8,
        num_convs=0,
        concat_input=False,
        num_classes=3,
        in_index=0,
        dropout_ratio=0,
        loss_decode=[dict(type=f'mmgb.{module.__name__}', loss_weight=0.5), dict(type='CrossEntropyLoss')],
    )
    features = torch.randn(2, 8, 4, 4)
    labels = torch.randint(3, (2, 1, 4, 4))
    labels[:, :, 0] = 255
    losses = head.loss((features,), [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in labels], None)
    expected = 0.5 * function(head((features,)), labels.squeeze(1), ignore_index=255)
    name = 'loss_exp_gb' if module is ExpGBLoss else 'loss_pow3_gb'
    assert torch.allclose(losses[name], expected, rtol=1e-6)
    assert set(losses) == {name, 'loss_ce', 'acc_seg'}


@pytest.mark.parametrize('module, function', LOSSES)
@pytest.mark.parametrize('soft', [False, True], ids=['labels', 'mixup'])
def test_mmpretrain_head_averages_over_the_batch(module, function, soft):
    torch.manual_seed(0)
    head = LinearClsHead(num_classes=4, in_channels=6, loss=dict(type=f'mmgb.{module.__name__}'))
    features = torch.randn(5, 6)
    if soft:
        target = torch.softmax(torch.randn(5, 4), 1)
        samples = [DataSample().set_gt_score(score) for score in target]
    else:
        target = torch.randint(4, (5,))
        samples = [DataSample().set_gt_label(label) for label in target]
    loss = head.loss((features,), samples)['loss']
    assert torch.allclose(loss, function(head((features,)), target), rtol=1e-6)


@pytest.mark.parametrize('module, function', LOSSES)
def test_leaves_no_key_in_a_checkpoint_and_survives_copies(module, function, case):
    loss = module(class_weight=[1.0, 2.0, 3.0], ignore_index=255)
    assert not loss.state_dict()
    for twin in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert twin(*case) == loss(*case)


@pytest.mark.parametrize('module, function', LOSSES)
def test_use_sigmoid_may_only_be_false(module, function, case):
    assert module(use_sigmoid=False, ignore_index=255)(*case) == function(*case, ignore_index=255)
    with pytest.raises(ValueError, match='use_sigmoid=True: expected False'):
        module(use_sigmoid=True)


def test_an_unknown_reduction_is_refused_when_built():
    with pytest.raises(ValueError, match="reduction='avg': expected 'mean', 'sum' or 'none'"):
        MMSEG_MODELS.build(dict(type='mmgb.Pow3GBLoss', reduction='avg'))


ALL_LOSSES = [ExpGBLoss, Pow3GBLoss, MirroredExpGBLoss, SquaredErrorLoss, SquentropyLoss]


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


HOSTILE = (
    st.sampled_from([True, False, None, '1.0', '', [1.0], {}, (), -1, -0.5, math.nan, math.inf, -math.inf, 10**400])
    | st.floats()
    | st.text()
    | st.lists(st.floats())
    | st.binary()
)


@pytest.mark.parametrize('module', ALL_LOSSES)
@settings(max_examples=100)
@given(value=HOSTILE)
def test_every_setting_is_validated_when_built(module, value):
    negative = is_number(value) and value < 0
    refused = {
        'loss_weight': not is_number(value) or negative,
        'ignore_index': value is not None
        and (not isinstance(value, int) or isinstance(value, bool) or abs(value) > 2**62),
        'avg_non_ignore': not isinstance(value, bool),
        'reduction': value not in ('mean', 'sum', 'none'),
        'loss_name': not isinstance(value, str) or 'loss' not in value,
    }
    if module is not SquentropyLoss:
        refused |= {
            'fused': not isinstance(value, bool),
            'target_kind': value not in ('class', 'value', 'multi_label'),
            'targets': True,
        }
    if module not in (SquentropyLoss, SquaredErrorLoss):
        refused |= {'alpha': not is_number(value) or value <= 0}
    if module in (Pow3GBLoss, MirroredExpGBLoss):
        refused |= {'beta': not is_number(value) and (module is not Pow3GBLoss or value is not None)}
    if module in (ExpGBLoss, Pow3GBLoss):
        refused |= {'max_delta': value is not None and (not is_number(value) or value <= 0)}
    for key, expected in refused.items():
        if key == 'targets' and isinstance(value, list):
            continue
        if not expected:
            module(**{key: value})
            continue
        with pytest.raises(ConfigError, match=rf'^{key}=') as error:
            module(**{key: value})
        assert len(str(error.value)) <= 500


@pytest.mark.parametrize('module', ALL_LOSSES)
@pytest.mark.parametrize('of_head', [255, [255], 1.5])
def test_a_head_passes_the_ignore_index_that_the_loss_was_built_with(module, of_head, case):
    scores, labels = case
    with pytest.raises(ConfigError, match=r'ignore_index=0 of the loss: expected .*(255|1\.5)\]?, which'):
        module(ignore_index=0)(scores, labels, ignore_index=of_head)
    assert module(ignore_index=255)(scores, labels) == module()(scores, labels, ignore_index=255)


@pytest.mark.parametrize('module', ALL_LOSSES)
def test_the_name_in_the_log_contains_loss(module):
    assert module(loss_name='aux_loss').loss_name == 'aux_loss'
    with pytest.raises(ConfigError, match="loss_name='exp_gb': expected a name that contains 'loss'"):
        MMSEG_MODELS.build(dict(type=f'mmgb.{module.__name__}', loss_name='exp_gb'))


@pytest.mark.parametrize('module', ALL_LOSSES)
@pytest.mark.parametrize('host', [MMSEG_MODELS, MMPRETRAIN_MODELS], ids=['mmseg', 'mmpretrain'])
@pytest.mark.parametrize('key, value', [('num_classes', 5), ('use_soft', True), ('thresh', 0.7), ('alhpa', 1.0)])
def test_a_key_of_another_loss_is_refused_by_name(module, host, key, value):
    with pytest.raises(ConfigError, match=rf'{key}={value}: expected a setting of {module.__name__}; .*_delete_=True'):
        host.build(dict(type=f'mmgb.{module.__name__}', **{key: value}))


def test_an_empty_reduction_of_a_call_is_refused(case):
    with pytest.raises(ConfigError, match="reduction='': expected"):
        ExpGBLoss()(*case, reduction_override='')
