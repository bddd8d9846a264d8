"""A boosted loss repeats the settings of a cross-entropy that have the same meaning, and drops the rest by name."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.registry import DefaultScope
from mmpretrain.models.losses import LabelSmoothLoss
from mmseg.models.losses import CrossEntropyLoss, OhemCrossEntropy
from torch.nn.functional import cross_entropy

from mmgb.registry import MODELS
from mmgb.suggest.find_losses import Loss
from mmgb.suggest.losses import averages_classes, boosted, notes_on
from mmgb.suggest.type_names import type_names

HEAD = dict(type='FCNHead', num_classes=19)


def loss_at(path='decode_head.loss_decode', head=HEAD, num_classes=19, **config):
    return Loss(path, dict(dict(type='CrossEntropyLoss'), **config), head, type_names(head, None), num_classes)


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
@settings(max_examples=20)
@given(smoothing=st.floats(0.01, 0.4), num_classes=st.integers(2, 30), given_by_the_loss=st.booleans())
def test_smoothing_is_that_of_the_host(mode, method, smoothing, num_classes, given_by_the_loss):
    """The boosted loss of labels is the one without smoothing on the host's smoothed labels."""
    config = dict(type='LabelSmoothLoss', label_smooth_val=smoothing, mode=mode, use_sigmoid=mode == 'multi_label')
    config.update(dict(num_classes=num_classes) if given_by_the_loss else {})
    of_head = None if given_by_the_loss else num_classes
    new = boosted(Loss('head.loss', config, {}, ('LinearClsHead',), of_head), method)
    host = LabelSmoothLoss(smoothing, num_classes, mode=mode, use_sigmoid=mode == 'multi_label')
    smoothed = host.smooth_label(torch.eye(num_classes)[:2].clone())
    plain = MODELS.build({key: value for key, value in new.items() if 'smooth' not in key})
    scores = torch.randn(2, num_classes, requires_grad=True)
    losses = MODELS.build(dict(new))(scores, torch.arange(2)), plain(scores, smoothed)
    torch.testing.assert_close(*losses, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(*(torch.autograd.grad(loss, scores)[0] for loss in losses), rtol=1e-4, atol=1e-5)


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


WEIGHTS = [1.0, 0.0, 5.0, 0.5]
MULTI_LABEL = ('MultiLabelClsHead', 'MultiLabelLinearClsHead', 'CSRAClsHead')
SEVERAL = torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 1.0]])
SINGLE = torch.tensor([0, 2, 3])
SMOOTH = dict(type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=4)


def weighting(config, target):
    """Return what class weights multiply the gradient of each output by."""
    scores = torch.linspace(-1, 1, 12).view(3, 4).requires_grad_()
    gradients = []
    for each in (config, {key: value for key, value in config.items() if key != 'class_weight'}):
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            loss = MODELS.build(dict(each))
        gradients += torch.autograd.grad(loss(scores, target, avg_factor=3), scores)
    return gradients[0] / gradients[1]


@pytest.mark.parametrize('method', ['exp-gb', 'pow3-gb'])
@pytest.mark.parametrize(
    'head, old, target',
    [
        *((head, dict(type='CrossEntropyLoss', use_sigmoid=True), SEVERAL) for head in MULTI_LABEL),
        *((head, dict(SMOOTH, mode='multi_label', use_sigmoid=True), SEVERAL) for head in MULTI_LABEL),
        ('MultiLabelClsHead', dict(SMOOTH, mode='multi_label'), SEVERAL),
        ('mmpretrain.LinearClsHead', dict(type='CrossEntropyLoss', use_sigmoid=True), SEVERAL),
        ('LinearClsHead', dict(type='CrossEntropyLoss'), SINGLE),
        ('LinearClsHead', dict(type='CrossEntropyLoss', use_soft=True), torch.eye(4)[SINGLE]),
    ],
)
def test_class_weights_multiply_what_they_multiply_in_the_host(head, old, target, method):
    old = dict(old, class_weight=WEIGHTS)
    new = boosted(Loss('head.loss', old, dict(type=head), (head.rpartition('.')[2],), 4), method)
    torch.testing.assert_close(weighting(new, target), weighting(old, target), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    'loss',
    [
        loss_at(use_sigmoid=True, class_weight=WEIGHTS),
        loss_at('head.loss', dict(type='LinearClsHead'), use_sigmoid=True, class_weight=WEIGHTS, **SMOOTH),
        loss_at('head.loss', dict(type='LinearClsHead'), mode='multi_label', class_weight=WEIGHTS, **SMOOTH),
    ],
    ids=['mmseg', 'sigmoids of labels', 'mode'],
)
def test_class_weights_of_the_sigmoids_of_labels_are_dropped_by_name(loss):
    """They multiply single terms, for which labels have no counterpart: in mmseg the target class's alone."""
    assert 'class_weight' not in boosted(loss, 'pow3-gb')
    assert any('drops class_weight' in note for note in notes_on(loss))


def test_class_weights_of_mmsegs_sigmoids_multiply_the_term_of_the_target_class_alone():
    scores = torch.zeros(3, 4, requires_grad=True)
    gradients = [
        torch.autograd.grad(CrossEntropyLoss(use_sigmoid=True, class_weight=weights)(scores, SINGLE), scores)[0]
        for weights in (WEIGHTS, None)
    ]
    expected = torch.ones(3, 4).scatter(1, SINGLE[:, None], torch.tensor(WEIGHTS)[SINGLE][:, None])
    torch.testing.assert_close(gradients[0] / gradients[1], expected)


@pytest.mark.parametrize(
    'kind, settings_of_old',
    [('CrossEntropyLoss', {}), ('CrossEntropyLoss', dict(avg_non_ignore=True)), ('OhemCrossEntropy', {})],
)
def test_ignored_pixels_count_in_the_divisor_where_they_do_in_the_host(kind, settings_of_old):
    scores, labels = torch.linspace(-0.5, 0.5, 80).view(1, 5, 4, 4), torch.randint(5, (1, 4, 4))
    assert scores.softmax(1).max() < 0.7  # OhemCrossEntropy drops pixels with a higher probability
    ignored = labels.clone()
    ignored[:, 1:] = 255
    host = CrossEntropyLoss(**settings_of_old) if kind == 'CrossEntropyLoss' else OhemCrossEntropy(min_kept=1000)
    new = MODELS.build(boosted(loss_at(type=kind, **settings_of_old), 'pow3-gb'))
    each = new(scores, labels, reduction_override='none')
    options = {} if kind == 'OhemCrossEntropy' else dict(ignore_index=255)
    share_of_host = host(scores, ignored, **options) / cross_entropy(scores, labels, reduction='none')[:, :1].mean()
    torch.testing.assert_close(new(scores, ignored, ignore_index=255) / each[:, :1].mean(), share_of_host)


def test_a_sum_of_sigmoids_is_not_divided_by_the_classes():
    old = loss_at(use_sigmoid=True, reduction='sum', loss_weight=0.4)
    assert boosted(old, 'pow3-gb')['loss_weight'] == 0.4 and notes_on(old) == []


@pytest.mark.parametrize('class_weight', [[0.2] * 4, [2.0] * 4, [0.5, 4.0, 1.0, 0.1]], ids=str)
@pytest.mark.parametrize('method', ['exp-gb', 'pow3-gb'])
def test_the_weights_of_mined_pixels_keep_the_size_of_the_gradient(method, class_weight):
    """At zero scores all pixels are hard, and the gradients of matched losses are those of cross-entropy."""
    old = loss_at(type='OhemCrossEntropy', class_weight=class_weight, loss_weight=0.4)
    scores = torch.zeros(1, 4, 4, 4, requires_grad=True)
    labels = torch.arange(4).repeat(4).view(1, 4, 4)  # equally many of all classes
    host = OhemCrossEntropy(class_weight=class_weight, loss_weight=0.4)
    new = MODELS.build(boosted(old, method))
    gradients = [torch.autograd.grad(loss(scores, labels), scores)[0] for loss in (new, host)]
    torch.testing.assert_close(*gradients)
    assert 'mean of class_weight' in notes_on(old)[1] and len(notes_on(loss_at(type='OhemCrossEntropy'))) == 1
