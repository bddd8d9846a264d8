"""Cross-entropies are found in every head, and their settings of the same meaning are kept."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmpretrain.models.losses import LabelSmoothLoss
from mmseg.models.losses import CrossEntropyLoss

from mmgb.registry import MODELS
from mmgb.suggest.losses import (
    Loss,
    averages_classes,
    boosted,
    find_losses,
    notes_on,
    reason_to_keep,
    smoothed_targets,
    type_name,
)

HEAD = dict(type='FCNHead', num_classes=19)


def loss_at(path='decode_head.loss_decode', head=HEAD, num_classes=19, **config):
    return Loss(path, dict(dict(type='CrossEntropyLoss'), **config), head, num_classes)


def test_losses_of_lists_nested_heads_and_tasks_are_found_with_their_head_and_classes():
    ce = dict(type='CrossEntropyLoss')
    model = dict(
        type='EncoderDecoder',
        backbone=dict(type='X', loss=ce),
        decode_head=[dict(HEAD, loss_decode=[ce, dict(type='DiceLoss')]), dict(type='K', inner=dict(loss_decode=ce))],
        head=dict(type='MultiTaskHead', task_heads=dict(a=dict(type='LinearClsHead', num_classes=3, loss=ce))),
    )
    found = {loss.path: (type_name(loss.config), type_name(loss.head), loss.num_classes) for loss in find_losses(model)}
    assert found == {
        'decode_head.0.loss_decode.0': ('CrossEntropyLoss', 'FCNHead', 19),
        'decode_head.0.loss_decode.1': ('DiceLoss', 'FCNHead', 19),
        'decode_head.1.inner.loss_decode': ('CrossEntropyLoss', 'K', None),
        'head.task_heads.a.loss': ('CrossEntropyLoss', 'LinearClsHead', 3),
    }


@pytest.mark.parametrize(
    'loss, reason',
    [
        (loss_at(), None),
        (loss_at(type='mmseg.OhemCrossEntropy'), None),
        (loss_at(type='DiceLoss'), 'it is no cross-entropy'),
        (loss_at(head=dict(type='STDCHead')), 'two classes of its own'),
        (loss_at(head=dict(HEAD, out_channels=1)), 'one output channel'),
    ],
)
def test_only_cross_entropy_of_all_classes_is_replaced(loss, reason):
    found = reason_to_keep(loss)
    assert found is None if reason is None else reason in found


def test_settings_of_the_same_meaning_are_kept():
    old = loss_at(loss_weight=0.4, loss_name='loss_aux', class_weight=[1.0] * 19, use_sigmoid=False)
    expected = dict(loss_weight=0.4, loss_name='loss_aux', class_weight=[1.0] * 19)
    assert boosted(old, 'pow3-gb') == dict(type='mmgb.Pow3GBLoss', matched=True, avg_non_ignore=False, **expected)
    assert boosted(loss_at('head.loss', loss_weight=2.0), 'exp-gb') == dict(
        type='mmgb.ExpGBLoss', matched=True, loss_weight=2.0
    )
    assert boosted(loss_at(head=dict(type='PIDHead')), 'exp-gb')['ignore_index'] == 255


@pytest.mark.parametrize('mode', ['original', 'classy_vision', 'multi_label'])
@pytest.mark.parametrize('method', ['exp-gb', 'pow3-gb'])
@settings(max_examples=20, deadline=None)
@given(smoothing=st.floats(0.01, 0.4), num_classes=st.integers(2, 30), given_by_the_loss=st.booleans())
def test_smoothed_labels_become_targets(mode, method, smoothing, num_classes, given_by_the_loss):
    """The boosted loss of labels is that of the host's smoothed labels, whose targets are the probabilities."""
    config = dict(type='LabelSmoothLoss', label_smooth_val=smoothing, mode=mode, use_sigmoid=mode == 'multi_label')
    config.update(dict(num_classes=num_classes) if given_by_the_loss else {})
    of_head = None if given_by_the_loss else num_classes
    new = boosted(Loss('head.loss', config, dict(type='LinearClsHead'), of_head), method)
    host = LabelSmoothLoss(smoothing, num_classes, mode=mode, use_sigmoid=mode == 'multi_label')
    one_hot = torch.eye(num_classes)[:2]
    smoothed = host.smooth_label(one_hot.clone())
    targets = new['targets']
    torch.testing.assert_close(targets[0] + (targets[1] - targets[0]) * one_hot, smoothed)
    loss = MODELS.build(dict(new))
    formula = loss.formula_for(num_classes)
    ratio = formula.targets[1] / targets[1]
    assert formula.targets[0] == pytest.approx(ratio * targets[0])
    if method == 'pow3-gb':
        assert formula.beta == 0


def test_smoothing_without_a_number_of_classes_is_that_of_many_classes():
    assert smoothed_targets(0.1, 'original', None) == (0.0, 0.9)


def test_sigmoids_of_mmseg_are_averaged_over_the_classes():
    """mmseg's mean is over pixels and classes, so the boosted sum over classes is weighed by 1 / C."""
    old = loss_at(use_sigmoid=True, loss_weight=0.4)
    assert averages_classes(old) and not averages_classes(loss_at('head.loss', use_sigmoid=True))
    assert boosted(old, 'pow3-gb')['loss_weight'] == pytest.approx(0.4 / 19)
    scores, labels = torch.randn(2, 19, 4, 4), torch.randint(19, (2, 4, 4))
    mean = CrossEntropyLoss(use_sigmoid=True)(scores, labels)
    one_hot = torch.nn.functional.one_hot(labels, 19).movedim(-1, 1).float()
    each = torch.nn.functional.binary_cross_entropy_with_logits(scores, one_hot, reduction='none')
    torch.testing.assert_close(mean, each.sum(1).mean() / 19)


def test_what_a_swap_drops_is_said():
    assert notes_on(loss_at()) == []
    (note,) = notes_on(loss_at(type='OhemCrossEntropy'))
    assert 'drops the mining of hard pixels' in note
    weights, threshold = notes_on(
        loss_at('head.loss', dict(type='MultiLabelClsHead'), use_sigmoid=True, pos_weight=[2.0])
    )
    assert 'drops pos_weight' in weights and 'sigmoids' in threshold
    assert 'divided by the 19 classes' in notes_on(loss_at(use_sigmoid=True))[0]
