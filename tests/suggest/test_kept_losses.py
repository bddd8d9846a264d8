"""Only cross-entropies of class scores are replaced; what docs/heads.yml does not recommend stays, with its reason."""

import pytest
from helpers.head_tables import HEADS
from helpers.swapped_losses import host_configs, load_model
from mmengine.config import Config

from mmgb.functional.errors import ConfigError
from mmgb.suggest.find_losses import Loss, find_losses
from mmgb.suggest.kept_losses import KEPT_HEADS, REPLACED, reason_to_keep
from mmgb.suggest.suggestion import suggest_loss
from mmgb.suggest.type_names import type_names

HEAD = dict(type='FCNHead', num_classes=19)
NOT_THE_HEADS_FAULT = 'MultiLabelLinearClsHead, CutMix'  # the host's file is out of date
WITHOUT_LOSS_CONFIG = ('Mask2Former', 'MaskFormer')
WITHOUT_HEAD_IN_FILE = {
    'VPD': dict(type='VPDDepthHead'),
    'One output channel (`out_channels=1`)': dict(HEAD, out_channels=1),
}


def loss_at(head=HEAD, kind='CrossEntropyLoss'):
    return Loss('decode_head.loss_decode', dict(type=kind), head, type_names(head, None), 19)


@pytest.mark.parametrize(
    'loss, reason',
    [
        (loss_at(), None),
        (loss_at(kind='mmseg.OhemCrossEntropy'), None),
        (loss_at(kind='DiceLoss'), 'it is no cross-entropy'),
        (loss_at(dict(type='STDCHead')), 'its head has two classes of its own'),
        (loss_at(dict(HEAD, out_channels=1)), 'its head has one output channel'),
        (loss_at(dict(type='LeViTClsHead')), 'needs distillation=False'),
        (loss_at(dict(type='LeViTClsHead', distillation=False)), None),
        (loss_at(dict(type='mmpretrain.ArcFaceClsHead')), 'its head scores by cosines times a scale'),
    ],
)
def test_only_cross_entropy_of_all_classes_is_replaced(loss, reason):
    found = reason_to_keep(loss)
    assert found is None if reason is None else reason in found


def refused_heads():
    """Yield each row that is answered 'no' or 'not tried': its name, its head's config, and its reason."""
    for host, rows in HEADS.items():
        for row in rows['refused']:
            if row.get('trains', 'no') != 'no' or row['name'] in (NOT_THE_HEADS_FAULT, *WITHOUT_LOSS_CONFIG):
                continue
            head = WITHOUT_HEAD_IN_FILE.get(row['name'], dict(type=row['name']))
            if 'file' in row:
                model = load_model(host_configs(host) / row['file'])
                head = model.get('decode_head') or model.get('head') or head
            yield pytest.param(head, row['because'], id=row['name'])
        for name, because in rows.get('not_tried', {}).items():
            yield pytest.param(dict(type=name), because, id=name)


ROWS = list(refused_heads())


@pytest.mark.parametrize('head, because', ROWS)
@pytest.mark.parametrize('kind', REPLACED)
def test_a_head_that_is_refused_in_the_tables_keeps_any_loss_for_the_reason_there(head, because, kind):
    reason = reason_to_keep(loss_at(head, kind)) or ''
    assert reason.startswith('its head ') and because.startswith(reason[len('its head ') :])


def test_every_kept_head_is_in_the_tables():
    notes_and_subclasses = {'STDCHead', 'LinearRegressionHead'}
    assert {row.values[0]['type'] for row in ROWS} >= KEPT_HEADS.keys() - notes_and_subclasses


@pytest.mark.parametrize('name', WITHOUT_LOSS_CONFIG)
def test_a_head_without_a_loss_config_has_no_loss_to_replace(name):
    (file,) = (row['file'] for row in HEADS['mmseg']['refused'] if row['name'] == name)
    assert list(find_losses(load_model(host_configs('mmseg') / file), 'mmseg')) == []


@pytest.mark.parametrize(
    'host, file, reason',
    [
        ('mmpretrain', 'arcface/resnet50-arcface_8xb32_inshop.py', 'cosines times a scale'),
        ('mmpretrain', 'mocov2/mocov2_resnet50_8xb32-coslr-200e_in1k.py', 'similarities over a temperature'),
        ('mmpretrain', 'simclr/simclr_resnet50_16xb256-coslr-200e_in1k.py', 'similarities over a temperature'),
        ('mmpretrain', 'densecl/densecl_resnet50_8xb32-coslr-200e_in1k.py', 'similarities over a temperature'),
        ('mmpretrain', 'mocov3/mocov3_vit-base-p16_16xb256-amp-coslr-300e_in1k.py', 'similarities over a temperature'),
        ('mmpretrain', 'levit/levit-256_8xb256_in1k.py', 'needs distillation=False'),
        ('mmpretrain', 'blip/blip-base_8xb32_caption.py', 'generates text with a language model'),
        ('mmseg', 'san/san-vit-b16_coco-stuff164k-640x640.py', 'classifies masks, not pixels'),
    ],
)
def test_a_stock_config_of_such_a_head_is_refused_with_the_reason(host, file, reason):
    with pytest.raises(ConfigError, match=f'stays, its head .*{reason}'):
        suggest_loss(Config.fromfile(host_configs(host) / file), 'pow3-gb')
