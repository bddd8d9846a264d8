"""Auxiliary losses are named by their index, weighted, and computed by heads of either host."""

import pytest
import torch
from helpers.head_tables import refused, trained
from helpers.swapped_losses import host_configs, load_model
from mmengine.config import ConfigDict
from mmengine.model import BaseModule
from mmengine.registry import MODELS, DefaultScope
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from mmseg.structures import SegDataSample
from torch import nn

from mmgb.functional import AuxiliaryRange
from mmgb.functional.errors import ConfigError
from mmgb.models.relay_bp.auxiliary_losses import DEFAULT_LOSS_WEIGHT, AuxiliaryLosses, AuxiliarySettings

FEATURES = [torch.tensor([1.0, 2.0]), torch.tensor([3.0])]


class ClassificationHead(BaseModule):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(1, 1)

    def loss(self, features, data_samples):
        (feature,) = features
        return {'loss': feature.sum(), 'accuracy': feature.max(), 'loss_list': [feature, -feature]}


class SegmentationHead(ClassificationHead):
    def loss(self, features, data_samples, train_cfg):
        return {'loss_ce': features[0].sum() * train_cfg['factor']}


def auxiliaries():
    settings = [AuxiliarySettings(AuxiliaryRange('b', 'a'), 0.5), AuxiliarySettings(AuxiliaryRange('c'), 2.0)]
    return AuxiliaryLosses([ClassificationHead(), SegmentationHead()], settings)


def test_losses_are_weighted_and_other_values_are_not():
    losses = auxiliaries().loss(FEATURES, [], dict(factor=10))
    assert list(losses) == ['aux_0.loss', 'aux_0.accuracy', 'aux_0.loss_list', 'aux_1.loss_ce']
    assert losses['aux_0.loss'] == 0.5 * 3 and losses['aux_0.accuracy'] == 2 and losses['aux_1.loss_ce'] == 2 * 30
    assert [entry.tolist() for entry in losses['aux_0.loss_list']] == [[0.5, 1.0], [-0.5, -1.0]]


def test_parameters_are_named_by_index_and_head():
    assert list(auxiliaries().state_dict()) == ['0.fc.weight', '0.fc.bias', '1.fc.weight', '1.fc.bias']


def test_a_replaced_head_is_used():
    """Wrappers such as FSDP and SyncBN conversion replace modules of the list."""
    losses = auxiliaries()
    losses[1] = ClassificationHead()
    assert 'aux_1.accuracy' in losses.loss(FEATURES, [])


@pytest.fixture
def registered():
    MODELS.register_module(module=ClassificationHead)
    yield 'ClassificationHead'
    MODELS.module_dict.pop('ClassificationHead')


def test_a_config_gives_ranges_weights_and_heads_in_order(registered):
    head = dict(type=registered)
    losses = AuxiliaryLosses.from_config(
        [dict(source='b', lowest='a', head=head, loss_weight=1.5), dict(source='c', head=head)]
    )
    assert losses.ranges == [AuxiliaryRange('b', 'a'), AuxiliaryRange('c', None)]
    assert [settings.loss_weight for settings in losses.settings] == [1.5, DEFAULT_LOSS_WEIGHT] == [1.5, 0.3]
    assert [type(module) for module in losses] == [ClassificationHead] * 2 and losses[0] is not losses[1]


def samples_of(host):
    if host == 'mmpretrain':
        return [DataSample().set_gt_label(1) for _ in range(2)]
    return [
        SegDataSample(
            gt_sem_seg=PixelData(data=torch.randint(2, (1, 32, 32))),
            gt_edge_map=PixelData(data=torch.randint(2, (1, 32, 32))),
        )
        for _ in range(2)
    ]


def heads_of(host):
    """Return the configs of one head per type in the host's files, on maps of eight channels."""
    found = {}
    for row in (row for row in [*trained(host), *refused(host)] if row.file and not getattr(row, 'missing', '')):
        model = load_model(host_configs(host) / row.file, {})
        fields = ['head'] if host == 'mmpretrain' else ['decode_head', 'auxiliary_head']
        for heads in (model.get(field) for field in fields):
            for head in heads if isinstance(heads, list) else [heads]:
                if head is not None:
                    changes = dict(in_channels=8, in_index=0)
                    head.update({key: value for key, value in changes.items() if isinstance(head.get(key), int)})
                    found[str(head.type)] = head
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    'host, trains, rejected',
    [
        ('mmpretrain', 'CSRAClsHead', 'LinearClsHead ClsHead DeiTClsHead'),
        ('mmseg', 'FCNHead PSPHead', 'UPerHead OCRHead'),
    ],
)
def test_every_head_of_the_hosts_trains_on_a_feature_map_or_is_rejected_by_name(host, trains, rejected):
    heads = heads_of(host)
    assert len(heads) > 10 and {*trains.split(), *rejected.split()} <= heads.keys()
    with DefaultScope.overwrite_default_scope(host):
        for name, head in heads.items():
            torch.manual_seed(0)
            feature = torch.randn(2, 8, 16, 16, requires_grad=True)
            try:
                losses = AuxiliaryLosses.from_config([dict(source='layer', head=head)])
            except ConfigError as error:
                message = str(error)
            except (ImportError, RuntimeError, TypeError):
                continue  # needs compiled operators or another package
            else:
                try:
                    found = losses.loss([feature], samples_of(host), ConfigDict())
                except ConfigError as error:
                    message = str(error)
                else:
                    assert name not in rejected.split()
                    total = sum(value for key, value in found.items() if 'loss' in key)
                    assert total.isfinite() and torch.autograd.grad(total, feature)[0].any()
                    continue
            assert name not in trains.split()
            assert message.startswith(f'auxiliaries[0].head={name}: expected a head') and len(message) <= 500


def test_a_head_for_vectors_is_rejected_with_the_remedy():
    head = dict(type='mmpretrain.LinearClsHead', num_classes=3, in_channels=8)
    losses = AuxiliaryLosses.from_config([dict(source='layer3', head=head)])
    message = (
        r"^auxiliaries\[0\]\.head=LinearClsHead: expected a head that takes the output of source='layer3' of shape "
        r'\(2, 8, 4, 4\), got RuntimeError: .*; use a head that pools, such as mmgb.AuxiliaryClsHead$'
    )
    with pytest.raises(ConfigError, match=message):
        losses.loss([torch.randn(2, 8, 4, 4)], samples_of('mmpretrain'))
    assert losses.loss([torch.randn(2, 8)], samples_of('mmpretrain'))['aux_0.loss'] > 0  # the source pools


def test_errors_of_the_data_are_not_blamed_on_the_head():
    head = dict(type='mmgb.AuxiliaryClsHead', num_classes=3, in_channels=8)
    losses = AuxiliaryLosses.from_config([dict(source='layer3', head=head)])
    with pytest.raises(AttributeError, match='gt_label'):
        losses.loss([torch.randn(2, 8, 4, 4)], [DataSample(), DataSample()])


def test_a_batch_too_small_for_a_batch_norm_is_not_blamed_on_the_source():
    head = dict(type='mmgb.AuxiliaryClsHead', num_classes=3, in_channels=8, hidden_norm_cfg=dict(type='BN'))
    losses = AuxiliaryLosses.from_config([dict(source='layer3', head=head)])
    losses[0].dropout.eval()
    modes = [module.training for module in losses.modules()]
    assert losses.loss([torch.randn(2, 8, 4, 4)], samples_of('mmpretrain'))['aux_0.loss'].isfinite()
    with pytest.raises(ValueError, match='Expected more than 1 value per channel') as error:
        losses.loss([torch.randn(1, 8, 4, 4)], samples_of('mmpretrain')[:1])
    assert not isinstance(error.value, ConfigError)
    assert [module.training for module in losses.modules()] == modes


class HeadWithoutLoss(BaseModule):
    pass


def test_a_head_without_loss_is_rejected_when_built():
    MODELS.register_module(module=HeadWithoutLoss)
    try:
        with pytest.raises(ConfigError, match=r'^auxiliaries\[0\]\.head=HeadWithoutLoss: expected a head with'):
            AuxiliaryLosses.from_config([dict(source='b', head=dict(type='HeadWithoutLoss'))])
    finally:
        MODELS.module_dict.pop('HeadWithoutLoss')
