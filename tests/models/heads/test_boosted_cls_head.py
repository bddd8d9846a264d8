"""mmgb's classification heads predict the probabilities of their boosted loss."""

import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

EXP = dict(type='mmgb.ExpGBLoss', alpha=0.1, targets=(0.0, 16.0))
POW3 = dict(type='mmgb.Pow3GBLoss', alpha=0.001, beta=0.4, targets=(-2.0, 10.0))


def shares(loss, scores):
    """Return each class's probability: the boosted output's position between the targets."""
    if loss is EXP:
        return (0.1 * scores.exp() / 16).clamp(0, 1)
    return ((0.001 * scores**3 + 0.4 + 2) / 12).clamp(0, 1)


@pytest.mark.parametrize('loss', [EXP, POW3], ids=['exp', 'pow3'])
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
    assert [sample.pred_label.item() for sample in samples] == expected.argmax(1).tolist()
    assert len(head.predict(features)) == 5


def test_exp_gb_with_negative_target_0_predicts_as_the_stock_head():
    torch.manual_seed(0)
    ours = MODELS.build(dict(type='mmgb.BoostedLinearClsHead', num_classes=4, in_channels=3, loss=EXP))
    stock = MODELS.build(dict(type='mmpretrain.LinearClsHead', num_classes=4, in_channels=3, loss=EXP))
    stock.load_state_dict(ours.state_dict())
    features = (torch.randn(5, 3),)
    for a, b in zip(ours.predict(features), stock.predict(features)):
        assert torch.allclose(a.pred_score, b.pred_score, atol=1e-6)


@pytest.mark.parametrize('loss', [EXP, POW3], ids=['exp', 'pow3'])
def test_threshold_for_several_labels_is_a_probability(loss):
    settings = dict(num_classes=3, in_channels=3, thr=0.5, loss=loss)
    head = MODELS.build(dict(type='mmgb.BoostedMultiLabelLinearClsHead', **settings))
    half = torch.tensor(80.0).log() if loss is EXP else torch.tensor(3.6 / 0.001) ** (1 / 3)
    features = torch.stack([half - 0.1, half + 0.1, half * 3])[None]
    torch.nn.init.eye_(head.fc.weight)
    torch.nn.init.zeros_(head.fc.bias)
    (sample,) = head.predict((features,))
    assert sample.pred_label.tolist() == [1, 2]
    assert torch.allclose(sample.pred_score, shares(loss, features[0]), atol=1e-5)
    stock = MODELS.build(dict(type='mmpretrain.MultiLabelLinearClsHead', **settings))
    stock.load_state_dict(head.state_dict())
    assert stock.predict((features,))[0].pred_label.tolist() == [0, 1, 2]
