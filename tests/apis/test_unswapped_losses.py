from unittest import mock

import pytest
from mmengine.hooks import EMAHook
from mmpretrain.engine import SwitchRecipeHook
from mmseg.models.losses import CrossEntropyLoss
from torch import nn

from mmgb.apis import unswapped_losses
from mmgb.models.losses import ExpGBLoss


class Head(nn.Module):
    def __init__(self, loss, num_classes=None):
        super().__init__()
        self.num_classes = num_classes
        self.loss_decode = loss


def model(**losses):
    return nn.ModuleDict({name: Head(loss) for name, loss in losses.items()})


def logged(network, hooks=()):
    with mock.patch.object(unswapped_losses, 'print_log') as print_log:
        unswapped_losses.log_unswapped_losses(network, hooks)
    return [call.args[0] for call in print_log.call_args_list]


def test_a_head_left_on_cross_entropy_is_named_once_with_the_swapped_one():
    (line,) = logged(model(decode_head=ExpGBLoss(), auxiliary_head=CrossEntropyLoss()))
    assert 'auxiliary_head.loss_decode: CrossEntropyLoss' in line
    assert 'decode_head.loss_decode: ExpGBLoss' in line


@pytest.mark.parametrize('num_classes, named', [(19, True), (2, False)])
def test_a_sigmoid_loss_of_all_classes_is_named_and_a_binary_one_is_not(num_classes, named):
    decode_head = Head(ExpGBLoss(), 19)
    losses = nn.ModuleList([CrossEntropyLoss(use_sigmoid=True)])
    auxiliary_head = nn.ModuleList([Head(losses, num_classes)])  # as Fast-SCNN's
    lines = logged(nn.ModuleDict(dict(decode_head=decode_head, auxiliary_head=auxiliary_head)))
    assert ['auxiliary_head.0.loss_decode.0: CrossEntropyLoss' in line for line in lines] == [True] * named


def test_losses_in_a_list_are_named_by_their_position():
    losses = nn.ModuleList([CrossEntropyLoss(use_sigmoid=True), CrossEntropyLoss()])
    (line,) = logged(model(decode_head=ExpGBLoss(), auxiliary_head=losses))
    assert 'auxiliary_head.loss_decode.1: CrossEntropyLoss' in line and 'loss_decode.0' not in line


@pytest.mark.parametrize(
    'losses',
    [
        dict(decode_head=ExpGBLoss(), auxiliary_head=ExpGBLoss()),
        dict(decode_head=CrossEntropyLoss(), auxiliary_head=CrossEntropyLoss()),
        dict(decode_head=ExpGBLoss(), auxiliary_head=CrossEntropyLoss(use_sigmoid=True)),
    ],
)
def test_models_with_one_kind_of_loss_or_a_binary_one_beside_it_log_nothing(losses):
    assert logged(model(**losses)) == []


def test_paths_are_those_of_the_model_inside_a_distributed_wrapper():
    wrapper = nn.Module()
    wrapper.module = model(decode_head=ExpGBLoss(), auxiliary_head=CrossEntropyLoss())
    (line,) = logged(wrapper)
    assert '(auxiliary_head.loss_decode: CrossEntropyLoss)' in line


@pytest.mark.parametrize('loss, named', [(dict(type='LabelSmoothLoss', label_smooth_val=0.1), True), (None, False)])
def test_a_loss_that_a_hook_switches_to_is_named_with_its_epoch(loss, named):
    recipe = dict(action_epoch=5, batch_augments=None, **(dict(loss=loss) if loss else {}))
    hook = SwitchRecipeHook([recipe])
    lines = logged(model(head=ExpGBLoss()), [EMAHook(), hook])
    assert ['SwitchRecipeHook from epoch 5 on: LabelSmoothLoss' in line for line in lines] == [True] * named
