"""``SquentropyLoss`` in the heads of both hosts."""

import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmpretrain.models.heads import LinearClsHead
from mmpretrain.registry import MODELS as MMPRETRAIN_MODELS
from mmpretrain.structures import DataSample
from mmseg.models.decode_heads import FCNHead
from mmseg.registry import MODELS as MMSEG_MODELS
from mmseg.structures import SegDataSample

from mmgb.functional import squentropy_loss
from mmgb.models.losses import SquentropyLoss


@pytest.mark.parametrize('host', [MMSEG_MODELS, MMPRETRAIN_MODELS], ids=['mmseg', 'mmpretrain'])
def test_resolves_from_each_hosts_registry_and_default_scope(host):
    with DefaultScope.overwrite_default_scope(host.scope):
        assert type(host.build(dict(type='mmgb.SquentropyLoss'))) is SquentropyLoss


def test_settings_and_call_arguments_reach_the_function(case):
    scores, labels = case
    class_weight, weight = [0.5, 1.0, 2.0], torch.rand(labels.shape)
    loss = SquentropyLoss(
        class_weight=class_weight, loss_weight=0.4, reduction='sum', avg_non_ignore=False, ignore_index=255
    )
    kept = dict(class_weight=torch.tensor(class_weight), avg_non_ignore=False, weight=weight, ignore_index=255)
    assert loss(scores, labels, weight) == 0.4 * squentropy_loss(scores, labels, reduction='sum', **kept)
    assert loss(scores, labels, weight, avg_factor=3.0, reduction_override='mean') == 0.4 * squentropy_loss(
        scores, labels, avg_factor=3.0, **kept
    )
    assert not loss.state_dict()


def test_mmseg_head_back_propagates_the_loss_of_the_valid_pixels():
    torch.manual_seed(0)
    head = FCNHead(
        in_channels=8,
        channels=8,
        num_convs=0,
        concat_input=False,
        num_classes=3,
        in_index=0,
        dropout_ratio=0,
        loss_decode=[dict(type='mmgb.SquentropyLoss', loss_weight=0.5), dict(type='CrossEntropyLoss')],
    )
    features = torch.randn(2, 8, 4, 4)
    labels = torch.randint(3, (2, 1, 4, 4))
    labels[:, :, 0] = 255
    losses = head.loss((features,), [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in labels], None)
    expected = 0.5 * squentropy_loss(head((features,)), labels.squeeze(1), ignore_index=255)
    assert set(losses) == {'loss_squentropy', 'loss_ce', 'acc_seg'}
    assert torch.allclose(losses['loss_squentropy'], expected, rtol=1e-6)
    assert step_lowers(
        lambda: head.loss((features,), [SegDataSample(gt_sem_seg=PixelData(data=x)) for x in labels], None)[
            'loss_squentropy'
        ],
        head,
    )


def test_mmpretrain_head_averages_over_the_batch_and_learns():
    torch.manual_seed(0)
    head = LinearClsHead(num_classes=4, in_channels=6, loss=dict(type='mmgb.SquentropyLoss'))
    features, target = torch.randn(5, 6), torch.randint(4, (5,))
    samples = [DataSample().set_gt_label(label) for label in target]
    loss = head.loss((features,), samples)['loss']
    assert torch.allclose(loss, squentropy_loss(head((features,)), target), rtol=1e-6)
    assert step_lowers(lambda: head.loss((features,), samples)['loss'], head)


def step_lowers(loss, head):
    """Return True if one small step of gradient descent lowers the loss."""
    before = loss()
    optimizer = torch.optim.SGD(head.parameters(), lr=1e-3)
    before.backward()
    optimizer.step()
    return loss() < before


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(reduction='avg'), "reduction='avg'"),
        (dict(use_sigmoid=True), 'use_sigmoid=True: expected False'),
    ],
)
def test_invalid_settings_are_refused_when_built(settings, message):
    with pytest.raises(ValueError, match=message):
        MMSEG_MODELS.build(dict(type='mmgb.SquentropyLoss', **settings))
