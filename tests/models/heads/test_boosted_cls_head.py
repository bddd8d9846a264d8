"""mmgb's classification heads predict the probabilities of their boosted loss."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mmengine.registry import DefaultScope
from mmpretrain.evaluation.metrics import Accuracy, MultiLabelMetric
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmgb.functional.errors import ConfigError

EXP = dict(type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0))
POW3 = dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(-2.0, 10.0))

MATCHED_EXP, MATCHED_POW3 = (dict(type=loss['type'], matched=True) for loss in (EXP, POW3))
LOSSES = [EXP, POW3, MATCHED_EXP, MATCHED_POW3]
NAMES = ['exp', 'pow3', 'matched exp', 'matched pow3']


def shares(loss, scores):
    """Return each class's probability: the boosted output's position between the targets."""
    if loss is MATCHED_EXP:
        return (scores.exp() / scores.shape[1]).clamp(0, 1)
    if loss is MATCHED_POW3:
        return ((scores / 10 + scores.shape[1] ** (-1 / 3)) ** 3).clamp(0, 1)
    if loss is EXP:
        return (0.1 * scores.exp() / 16).clamp(0, 1)
    return ((0.001 * scores**3 + 0.4 + 2) / 12).clamp(0, 1)


@pytest.mark.parametrize('loss', LOSSES, ids=NAMES)
def test_linear_head_predicts_the_losss_probabilities_normalized_to_sum_1(loss):
    torch.manual_seed(0)
    head = MODELS.build(dict(type='mmgb.BoostedLinearClsHead', num_classes=4, in_channels=3, loss=loss))
    features = (torch.randn(5, 3),)
    with torch.no_grad():
        head.fc.weight.mul_(200)
        scores = head(features)
        samples = head.predict(features, [DataSample() for _ in range(5)])
    expected = shares(loss, scores).clamp(min=1e-12)
    expected = expected / expected.sum(1, keepdim=True)
    assert torch.allclose(torch.stack([sample.pred_score for sample in samples]), expected, atol=1e-5)
    assert torch.equal(torch.stack([sample.cls_score for sample in samples]), scores)
    assert [sample.pred_label.item() for sample in samples] == scores.argmax(1).tolist()
    assert len(head.predict(features)) == 5


def test_exp_gb_with_negative_target_0_predicts_as_the_stock_head():
    torch.manual_seed(0)
    ours = MODELS.build(dict(type='mmgb.BoostedLinearClsHead', num_classes=4, in_channels=3, loss=EXP))
    stock = MODELS.build(dict(type='mmpretrain.LinearClsHead', num_classes=4, in_channels=3, loss=EXP))
    stock.load_state_dict(ours.state_dict())
    features = (torch.randn(5, 3),)
    for a, b in zip(ours.predict(features), stock.predict(features)):
        assert torch.allclose(a.pred_score, b.pred_score, atol=1e-6)


@pytest.mark.parametrize('loss', LOSSES, ids=NAMES)
def test_threshold_for_several_labels_is_a_probability(loss):
    settings = dict(num_classes=3, in_channels=3, thr=0.5, loss=loss)
    head = MODELS.build(dict(type='mmgb.BoostedMultiLabelLinearClsHead', **settings))
    half = {'exp': math.log(80), 'pow3': (3.6 / 0.001) ** (1 / 3), 'matched exp': math.log(1.5)}
    half = half.get(NAMES[LOSSES.index(loss)], 10 * (0.5 ** (1 / 3) - 3 ** (-1 / 3)))
    features = torch.tensor([[half - 0.1, half + 0.1, half * 3]])
    torch.nn.init.eye_(head.fc.weight)
    torch.nn.init.zeros_(head.fc.bias)
    (sample,) = head.predict((features,))
    assert sample.pred_label.tolist() == [1, 2]
    assert torch.allclose(sample.pred_score, shares(loss, features)[0], atol=1e-5)
    stock = MODELS.build(dict(type='mmpretrain.MultiLabelLinearClsHead', **settings))
    stock.load_state_dict(head.state_dict())
    assert stock.predict((features,))[0].pred_label.tolist() == [0, 1, 2]


SCORES = st.one_of(st.floats(-50, 50, width=32), st.sampled_from([-20.0, -10.0, 1.0, 1.0 + 2**-23, 25.0, 60.0]))


@settings(max_examples=100)
@given(
    scores=arrays('float32', (4, 6), elements=SCORES),
    labels=arrays('int64', 4, elements=st.integers(0, 5)),
    dtype=st.sampled_from([torch.float16, torch.bfloat16, torch.float32]),
    loss=st.sampled_from(LOSSES),
    k=st.integers(1, 6),
)
def test_predictions_and_top_k_metrics_follow_the_scores(scores, labels, dtype, loss, k):
    scores, labels = torch.from_numpy(scores).to(dtype), torch.from_numpy(labels)
    head = MODELS.build(dict(type='mmgb.BoostedLinearClsHead', num_classes=6, in_channels=6, loss=loss))
    samples = head._get_predictions(scores, None)
    probabilities = torch.stack([sample.pred_score for sample in samples])
    for sample, row in zip(samples, scores):
        assert row[sample.pred_label].item() == row[sample.pred_score.argmax()].item() == row.max().item()
    # A class is among the k best if fewer than k score higher; where scores are equal, both answers are right.
    own = scores.gather(1, labels.unsqueeze(1))
    at_least = (scores > own).sum(1) + 1
    at_most = (scores >= own).sum(1)
    ((found,),) = Accuracy.calculate(probabilities, labels, topk=(k,))
    assert 25 * (at_most <= k).sum() <= found.item() <= 25 * (at_least <= k).sum()


@pytest.mark.parametrize('scores, best', [([-20.0, -15.0, -12.0, -30.0], 2), ([21.0, 22.0, 25.0, 24.0], 2)])
def test_clamped_probabilities_do_not_tie(scores, best):
    head = MODELS.build(dict(type='mmgb.BoostedLinearClsHead', num_classes=4, in_channels=4, loss=POW3))
    (sample,) = head._get_predictions(torch.tensor([scores]), None)
    assert sample.pred_label.item() == sample.pred_score.argmax().item() == best
    assert sample.pred_score.argsort().tolist() == torch.tensor(scores).argsort().tolist()


@settings(max_examples=100)
@given(scores=arrays('float32', (4, 6), elements=SCORES, unique=True), loss=st.sampled_from([EXP, POW3]))
def test_top_k_of_several_labels_follows_the_scores_and_the_threshold_the_probability(scores, loss):
    scores = torch.from_numpy(scores)
    settings = dict(type='mmgb.BoostedMultiLabelLinearClsHead', num_classes=6, in_channels=6, loss=loss)
    samples = MODELS.build(dict(settings, thr=None, topk=2))._get_predictions(scores, None)
    best = scores.topk(2).indices
    assert all(sample.pred_label.tolist() == row.tolist() for sample, row in zip(samples, best))
    # The metric finds exactly the two best classes in pred_score.
    truth = torch.zeros(4, 6).scatter_(1, best, 1)
    precision, recall, _ = MultiLabelMetric.calculate(
        torch.stack([sample.pred_score for sample in samples]), truth, topk=2, average='micro'
    )[:3]
    assert precision.item() == recall.item() == 100
    for thr in (1e-9, 0.5, 1.0):
        for sample, row in zip(MODELS.build(dict(settings, thr=thr))._get_predictions(scores, None), scores):
            assert sample.pred_label.tolist() == (shares(loss, row) >= thr).nonzero().flatten().tolist()


@pytest.mark.parametrize('loss', [EXP, POW3], ids=['exp', 'pow3'])
def test_class_weights_of_several_labels_multiply_the_classes_terms(loss):
    torch.manual_seed(0)
    weights = [0.5, 3.0, 0.0, 1.0]
    head = MODELS.build(
        dict(
            type='mmgb.BoostedMultiLabelLinearClsHead',
            num_classes=4,
            in_channels=3,
            loss=loss | dict(class_weight=weights),
        )
    )
    features = (torch.randn(3, 3),)
    samples = [DataSample().set_gt_label(labels) for labels in ([0, 1], [2], [])]
    share = torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    formula, scores = head.loss_module.formula, head(features)
    terms = formula.potential(scores.double(), formula.target_of(share.double())) * torch.tensor(weights)
    torch.testing.assert_close(head.loss(features, samples)['loss'].double(), terms.sum() / 3, rtol=1e-5, atol=0)


@pytest.mark.parametrize('kind', ['mmgb.BoostedLinearClsHead', 'mmgb.BoostedMultiLabelLinearClsHead'])
@pytest.mark.parametrize('loss', [{}, dict(loss=dict(type='mmgb.SquentropyLoss')), dict(loss=dict(type='FocalLoss'))])
def test_a_loss_without_probabilities_is_refused_when_the_head_is_built(kind, loss):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        with pytest.raises(ConfigError, match=rf'^loss=\w+ of {kind[5:]}: expected a loss of mmgb that predicts'):
            MODELS.build(dict(type=kind, num_classes=4, in_channels=3, **loss))
