"""Labels of averaged scores follow the rule of the model's head."""

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample

BACKBONE = dict(type='ResNet', depth=18, base_channels=8, stem_channels=8)
HEADS = {
    'one label': dict(type='mmgb.BoostedLinearClsHead', loss=dict(type='mmgb.ExpGBLoss')),
    'threshold': dict(type='MultiLabelLinearClsHead', thr=0.5),
    'highest': dict(type='MultiLabelLinearClsHead', topk=2),
}


def merged(kind, head, scores):
    head = dict(head, num_classes=3, in_channels=64)
    model = dict(type='ImageClassifier', backbone=BACKBONE, neck=dict(type='GlobalAveragePooling'), head=head)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        tta = MODELS.build(dict(type=kind, module=model))
    views = [DataSample() for _ in scores]
    for view, score in zip(views, torch.tensor(scores)):
        view.set_pred_score(score).set_pred_label(score.argmax(0, keepdim=True)).set_field(score, 'cls_score')
    return tta.merge_preds([views])[0]


@pytest.mark.parametrize('name, labels', [('one label', [1]), ('threshold', [1, 2]), ('highest', [1, 2])])
def test_the_label_is_that_of_the_mean_and_not_of_the_first_view(name, labels):
    scores = [[0.7, 0.3, 0.4], [0.0, 0.9, 0.8]]
    sample = merged('mmgb.AverageClsScoreTTA', HEADS[name], scores)
    torch.testing.assert_close(sample.pred_score, torch.tensor([0.35, 0.6, 0.6]))
    assert sorted(sample.pred_label.tolist()) == labels and 'cls_score' not in sample
    host = merged('AverageClsScoreTTA', HEADS[name], scores)
    assert host.pred_label.tolist() == [0] and torch.equal(host.pred_score, sample.pred_score)
