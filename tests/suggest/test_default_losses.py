"""Heads without a loss in the config have the default of their class."""

import pytest
from helpers.head_tables import trained
from helpers.swapped_losses import host_configs, load_model
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.models.heads import LinearClsHead

from mmgb.suggest.default_losses import default_argument, with_default_losses
from mmgb.suggest.find_losses import find_losses
from mmgb.suggest.overrides import plain

CE = dict(type='CrossEntropyLoss', loss_weight=1.0)
CE_OF_MMSEG = dict(CE, use_sigmoid=False)
LINEAR = dict(type='LinearClsHead', num_classes=3, in_channels=4)
SMOOTH = dict(type='LabelSmoothLoss', label_smooth_val=0.1)


@pytest.mark.parametrize('kind', ['LinearClsHead', 'mmpretrain.LinearClsHead', LinearClsHead])
def test_the_default_comes_from_the_class_or_its_bases(kind):
    assert default_argument(kind, 'loss', 'mmpretrain') == dict(type='CrossEntropyLoss', loss_weight=1.0)


def test_a_class_that_is_unknown_or_has_no_default_has_none():
    assert default_argument('NoHead', 'loss', 'mmpretrain') is None
    assert default_argument('mmpretrain.GlobalAveragePooling', 'loss', None) is None


class WithoutOtherArguments(LinearClsHead):
    def __init__(self, num_classes):
        super().__init__(num_classes=num_classes, in_channels=4)


def test_a_class_that_passes_no_other_arguments_on_has_none():
    assert default_argument(WithoutOtherArguments, 'loss', None) is None


def test_only_heads_without_a_loss_get_one():
    model = dict(
        backbone=dict(type='ResNet'),
        decode_head=[dict(type='FCNHead'), dict(type='FCNHead', loss_decode=dict(type='DiceLoss'))],
        auxiliary_head=None,
    )
    expected = [dict(type='FCNHead', loss_decode=CE_OF_MMSEG), dict(type='FCNHead', loss_decode=dict(type='DiceLoss'))]
    assert with_default_losses(model, 'mmseg') == dict(model, decode_head=expected)
    assert 'loss_decode' not in model['decode_head'][0]


def heads_of(model):
    """Yield the head configs of a model config of a host."""
    for key in ('decode_head', 'auxiliary_head', 'head'):
        heads = model.get(key) or []
        yield from heads if isinstance(heads, list) else [heads]


def without_losses(node):
    if isinstance(node, list):
        return [without_losses(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {key: without_losses(child) for key, child in node.items() if key not in ('loss', 'loss_decode')}


def built_losses(head, scope):
    """Return the types and settings of a built head's losses."""
    with DefaultScope.overwrite_default_scope(scope):
        built = MODELS.build(plain(head))
    return {
        name: (type(module), {key: value for key, value in vars(module).items() if not key.startswith('_')})
        for name, module in built.named_modules()
        if name.rpartition('.')[2] in ('loss_decode', 'loss_module')
    }


FILES = [pytest.param(host, row, id=row.name) for host in ('mmseg', 'mmpretrain') for row in trained(host) if row.file]


@pytest.mark.parametrize('host, row', FILES)
def test_the_defaults_are_the_losses_that_the_host_builds_without_them(host, row):
    """None is invented, which a head would refuse, and none is left out."""
    for head in heads_of(plain(load_model(host_configs(host) / row.file, row.override))):
        bare = without_losses(head)
        filled = with_default_losses(bare, host)
        expected = built_losses(bare, host)
        assert built_losses(filled, host) == expected
        assert len(list(find_losses(filled, host))) == len(expected)


TASKS = {
    'one': dict(a=LINEAR),
    'several': dict(a=LINEAR, b=dict(LINEAR, loss=SMOOTH)),
    'several labels': dict(a=dict(LINEAR, type='MultiLabelLinearClsHead'), b=LINEAR),
    'nested': dict(a=dict(type='MultiTaskHead', task_heads=dict(b=LINEAR, c=LINEAR))),
}


@pytest.mark.parametrize('common', [{}, dict(loss=SMOOTH)], ids=['without', 'with a common loss'])
@pytest.mark.parametrize('tasks', TASKS.values(), ids=TASKS)
def test_each_task_has_the_loss_that_the_host_gives_it(tasks, common):
    head = dict(type='MultiTaskHead', task_heads=tasks, **common)
    filled = with_default_losses(head, 'mmpretrain')
    expected = built_losses(head, 'mmpretrain')
    assert built_losses(filled, 'mmpretrain').keys() == expected.keys()
    found = find_losses(filled, 'mmpretrain')
    assert {f'{loss.path}_module': MODELS.get(f'mmpretrain.{loss.config["type"]}') for loss in found} == {
        name: kind for name, (kind, settings) in expected.items()
    }


def test_auxiliary_heads_of_a_relay_have_the_default_of_either_host():
    def model(**losses):
        auxiliaries = [
            dict(source='backbone.layer3', head=dict(type='FCNHead', num_classes=5, **losses)),
            dict(source='backbone.layer2', head=dict(type='mmpretrain.LinearClsHead', num_classes=5)),
        ]
        inner = dict(type='EncoderDecoder', backbone=dict(type='ResNet'), decode_head=dict(type='FCNHead', **losses))
        return dict(type='mmgb.RelayBP', model=inner, auxiliaries=auxiliaries)

    expected = model(loss_decode=CE_OF_MMSEG)
    expected['auxiliaries'][1]['head']['loss'] = CE
    assert with_default_losses(model(), 'mmseg') == expected


def test_a_classifier_without_a_head_has_the_default_of_its_class():
    assert with_default_losses(dict(type='TimmClassifier', model_name='x'), 'mmpretrain')['loss'] == CE


def test_a_head_in_the_place_of_a_neck_has_no_loss():
    model = dict(type='Blip2VQA', vision_neck=dict(type='LinearClsHead', num_classes=5))  # it never trains by one
    assert with_default_losses(model, 'mmpretrain') == model
