"""Losses are found in every head of a model config."""

from mmgb.apis.config import type_name
from mmgb.suggest.find_losses import find_losses, find_scheduled_losses

HEAD = dict(type='FCNHead', num_classes=19)


def test_losses_of_lists_nested_heads_and_tasks_are_found_with_their_head_and_classes():
    ce = dict(type='CrossEntropyLoss')
    model = dict(
        type='EncoderDecoder',
        backbone=dict(type='X', loss=ce),
        vision_neck=dict(type='LinearClsHead', num_classes=3, loss=ce),
        decode_head=[dict(HEAD, loss_decode=[ce, dict(type='DiceLoss')]), dict(type='K', inner=dict(loss_decode=ce))],
        head=dict(type='MultiTaskHead', task_heads=dict(a=dict(type='LinearClsHead', num_classes=3, loss=ce))),
    )
    losses = list(find_losses(model, 'mmseg'))
    found = {loss.path: (type_name(loss.config), type_name(loss.head), loss.num_classes) for loss in losses}
    assert found == {
        'decode_head.0.loss_decode.0': ('CrossEntropyLoss', 'FCNHead', 19),
        'decode_head.0.loss_decode.1': ('DiceLoss', 'FCNHead', 19),
        'decode_head.1.inner.loss_decode': ('CrossEntropyLoss', 'K', None),
        'head.task_heads.a.loss': ('CrossEntropyLoss', 'LinearClsHead', 3),
    }
    assert [loss.in_mmseg for loss in losses] == [True, True, True, False]


def test_losses_that_a_hook_switches_to_are_found_with_the_models_head():
    ce, head = dict(type='CrossEntropyLoss'), dict(type='LinearClsHead', num_classes=3)
    schedule = [dict(action_epoch=1, batch_augments=None), dict(action_epoch=2, loss=ce)]
    hooks = [dict(type='EMAHook'), dict(type='mmpretrain.SwitchRecipeHook', schedule=schedule), object()]
    (loss,) = find_scheduled_losses(hooks, dict(type='ImageClassifier', head=head), 'mmpretrain')
    assert loss.path == '1.schedule.1.loss' and loss.config is ce and loss.num_classes == 3
    assert loss.has_head(['ClsHead']) and not loss.in_mmseg
