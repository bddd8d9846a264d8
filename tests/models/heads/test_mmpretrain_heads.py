"""Boosted losses train in the classification heads of mmpretrain, with mixed, smoothed and several labels."""

import mmpretrain.models.heads
import pytest
import torch
from helpers.head_tables import not_tried, refused, trained
from helpers.swapped_losses import (
    TYPES,
    check_calls,
    host_configs,
    load_model,
    record_calls,
    swap_losses,
    train_one_step,
    types_in,
    without_log,
)
from mmengine.optim import OptimWrapper
from mmengine.registry import DefaultScope
from mmpretrain.models.heads import ClsHead, MultiLabelClsHead
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample, MultiTaskDataSample

from mmgb.models.losses import ExpGBLoss, Pow3GBLoss

CONFIGS = host_configs('mmpretrain')
TRAINED, REFUSED, NOT_TRIED = trained('mmpretrain'), refused('mmpretrain'), not_tried('mmpretrain')
ROWS_WITH_LOSS = [  # the losses take turns: each row is built once
    pytest.param(row, TYPES[number % 2], id=f'{row.name}-{TYPES[number % 2]}')
    for number, row in enumerate(row for row in TRAINED if row.file)
]
MULTI_LABEL = ('MultiLabelClsHead', 'CSRAClsHead')


@pytest.fixture(autouse=True)
def host_scope():
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


def build(file, override, settings, replaced=False):
    cfg = load_model(CONFIGS / file, override)
    cfg.data_preprocessor = dict(num_classes=cfg.head.get('num_classes', 20))
    swap_losses(cfg.head, settings, replaced)
    model = MODELS.build(cfg)
    without_log(model.init_weights)
    return model


def batch(size, several=False):
    """Return a batch of two noise images with one label each, or with several."""
    labels = [[1, 3], [0, 1, 2]] if several else [1, 3]
    return dict(
        inputs=torch.rand(2, 3, size, size), data_samples=[DataSample().set_gt_label(label) for label in labels]
    )


@pytest.mark.parametrize('row, loss', ROWS_WITH_LOSS)
def test_trains_a_step_with_the_loss_swapped(row, loss):
    override = {**row.override, 'head': {**row.override.get('head', {}), **row.head}}
    model = build(row.file, override, dict(type=loss, **row.loss), row.replaced)
    train_one_step(model, batch(row.size, type(model.head).__name__ in MULTI_LABEL))


@pytest.mark.parametrize('augment', ['Mixup', 'CutMix'])
@pytest.mark.parametrize('loss', TYPES)
def test_mixed_labels_reach_the_loss_as_class_scores(augment, loss):
    override = dict(train_cfg=dict(augments=dict(type=augment, alpha=1.0)))
    model = build('_base_/models/resnet18.py', override, dict(type=loss))
    calls = record_calls(model)
    model.train_step(batch(32), OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-3)))
    (call,) = calls
    assert call.target.shape == call.scores.shape
    torch.testing.assert_close(call.target.sum(1), torch.ones(2))
    check_calls(model, calls)


@pytest.mark.parametrize('loss, negative, positive', [(ExpGBLoss, 0, 16), (Pow3GBLoss, 0, 10)])
def test_label_smoothing_is_a_choice_of_targets(loss, negative, positive):
    smoothing, num_classes = 0.1, 5
    scores, labels = torch.randn(4, num_classes), torch.tensor([0, 2, 4, 1])
    smoothed = torch.full_like(scores, smoothing / num_classes)
    smoothed.scatter_(1, labels.unsqueeze(1), 1 - smoothing + smoothing / num_classes)
    shifted = [negative + (positive - negative) * smoothed[0, label].item() for label in (1, 0)]
    torch.testing.assert_close(loss()(scores, smoothed), loss(targets=shifted)(scores, labels))


def features(*shape):
    return torch.randn(*shape)


def attempt_multi_task(settings):
    head = MODELS.build(
        dict(
            type='MultiTaskHead',
            task_heads={
                task: dict(type='LinearClsHead', num_classes=number, in_channels=8, loss=settings)
                for task, number in (('colour', 3), ('shape', 5))
            },
        )
    )
    samples = []
    for label in (1, 2, 0):
        sample = MultiTaskDataSample()
        sample.set_field(DataSample().set_gt_label(label), 'colour')
        sample.set_field(DataSample().set_gt_label(label + 2), 'shape')
        samples.append(sample)
    return head, lambda: head.loss((features(3, 8),), samples), ('colour_loss', 'shape_loss')


def attempt_beit(settings):
    head = MODELS.build(dict(type='BEiTV1Head', embed_dims=8, num_embed=6, loss=settings))
    mask = torch.tensor([[1, 0, 1, 1], [0, 1, 1, 0]])
    return head, lambda: dict(loss=head.loss(features(2, 5, 8), torch.randn(2, 6, 2, 2), mask)), ('loss',)


def attempt_beit2(settings):
    head = MODELS.build(dict(type='BEiTV2Head', embed_dims=8, num_embed=6, loss=settings))
    mask = torch.tensor([[1, 0, 1, 1], [0, 1, 1, 0]])
    target = torch.randint(6, (2, 4))
    return head, lambda: dict(zip('ab', head.loss(features(2, 4, 8), features(2, 4, 8), target, mask))), ('a', 'b')


def attempt_matching(settings):
    head = MODELS.build(dict(type='ITMHead', hidden_size=8, loss=settings))
    samples = [DataSample(is_matched=matched) for matched in (True, False, True)]
    return head, lambda: head.loss((features(3, 4, 8),), samples), ('itm_loss',)


HEADS = {
    'MultiTaskHead': attempt_multi_task,
    'BEiTV1Head': attempt_beit,
    'BEiTV2Head': attempt_beit2,
    'ITMHead': attempt_matching,
}


@pytest.mark.parametrize('loss', TYPES)
@pytest.mark.parametrize('row', [row for row in TRAINED if not row.file], ids=lambda row: row.name)
def test_a_head_without_a_config_backpropagates_the_swapped_loss(row, loss):
    head, compute, keys = HEADS[row.name](dict(type=loss))
    calls = record_calls(head)
    losses = compute()
    check_calls(head, calls)
    total = sum(losses[key] for key in keys)
    torch.testing.assert_close(total, sum(call.value for call in calls))
    total.backward()
    assert all(parameter.grad.any() for call in calls for parameter in call.nearest)


def attempt_file(row):
    train_one_step(build(row.file, {}, dict(type='mmgb.ExpGBLoss'), replaced=True), batch(224))


def attempt_regression(row):
    head = MODELS.build(dict(type='LinearRegressionHead', num_classes=1, in_channels=8, loss=dict(type=TYPES[0])))
    head.loss((features(2, 8),), [DataSample().set_gt_score(torch.tensor([7.0])) for _ in range(2)])


ATTEMPTS = {'RegressionHead': attempt_regression}


@pytest.mark.parametrize('row', [row for row in REFUSED if row.error], ids=lambda row: row.name)
def test_a_head_that_cannot_train_fails_for_the_documented_reason(row):
    with pytest.raises((KeyError, NotImplementedError, ValueError), match=row.error):
        ATTEMPTS.get(row.name, attempt_file)(row)


def test_exp_gb_costs_most_where_arcface_is_most_confident():
    (row,) = (row for row in REFUSED if not row.error)
    cfg = load_model(CONFIGS / row.file).head
    swap_losses(cfg, dict(type='mmgb.ExpGBLoss'))
    head = MODELS.build(cfg)
    assert head.loss_module.score_of(1) / head.scale == pytest.approx(0.08, abs=0.001)
    with torch.no_grad():
        most_confident = head((head.norm_product.weight[:1],))
    assert most_confident[0, 0] == pytest.approx(64)
    assert head.loss_module(most_confident, torch.tensor([0])) == pytest.approx(6e26, rel=0.1)


def test_every_head_of_the_host_is_in_a_table():
    rows = TRAINED + REFUSED
    listed = set().union(
        *(types_in(load_model(CONFIGS / row.file).head) for row in rows if row.file),
        (row.name for row in rows),
        NOT_TRIED,
    )
    assert listed >= set(mmpretrain.models.heads.__all__)


def test_every_model_file_of_the_host_has_a_listed_head():
    heads = {load_model(path).head.type for path in CONFIGS.glob('_base_/models/**/*.py')}
    trains = set().union(*(types_in(load_model(CONFIGS / row.file).head) for row in TRAINED if row.file))
    assert heads - trains == {'MAEPretrainHead'}


def test_every_classification_head_is_tested():
    for name in NOT_TRIED:
        assert not issubclass(getattr(mmpretrain.models.heads, name), (ClsHead, MultiLabelClsHead))
