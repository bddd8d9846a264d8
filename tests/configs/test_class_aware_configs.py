"""Configs of class-aware sampling: names, the single difference to the baseline, and the reported metric."""

import pytest
import torch
from helpers.shrunk_configs import LEAVES as ALL_LEAVES
from mmengine.config import Config
from mmengine.registry import EVALUATOR, METRICS, DefaultScope
from mmpretrain.structures import DataSample

LEAVES = [path for path in ALL_LEAVES if 'class_aware_sampling' in path.parts]
SAMPLERS = {'default': dict(type='DefaultSampler', shuffle=True), 'class-aware': dict(type='mmgb.ClassAwareSampler')}


@pytest.fixture(params=LEAVES, ids=lambda path: path.stem)
def leaf(request):
    return request.param


def test_file_name_gives_sampler_batch_size_length_and_image_size(leaf):
    cfg = Config.fromfile(leaf)
    _, sampler, batch, data = leaf.stem.split('_')
    assert cfg.train_dataloader.sampler.to_dict() == SAMPLERS[sampler]
    assert batch == f'1xb{cfg.train_dataloader.batch_size}-{cfg.train_cfg.max_epochs}e'
    assert cfg.auto_scale_lr.base_batch_size == cfg.train_dataloader.batch_size
    assert cfg.param_scheduler[0].T_max == cfg.train_cfg.max_epochs
    size = int(data.rpartition('x')[2])
    crop = next(step for step in cfg.train_pipeline if 'Crop' in step.type)
    assert size == crop.get('scale', crop.get('crop_size'))


def test_only_the_sampler_differs_from_the_baseline(leaf):
    cfg, baseline = (Config.fromfile(path) for path in (leaf, next(leaf.parent.glob('*_default_*.py'))))
    cfg.train_dataloader.sampler = baseline.train_dataloader.sampler
    assert cfg.to_dict() == baseline.to_dict()


def test_reported_recall_is_the_mean_per_class_accuracy(leaf):
    cfg = Config.fromfile(leaf)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        evaluator = EVALUATOR.build(dict(type='Evaluator', metrics=[METRICS.build(m) for m in cfg.val_evaluator]))
    labels = [0, 0, 0, 0, 1, 1, 2]
    predicted = [0, 0, 0, 1, 1, 0, 0]
    scores = torch.eye(3) * 0.4 + 0.2
    evaluator.process(
        [DataSample().set_gt_label(label).set_pred_score(scores[found]) for label, found in zip(labels, predicted)]
    )
    metrics = evaluator.evaluate(len(labels))
    assert metrics['single-label/recall'] == pytest.approx(100 * (3 / 4 + 1 / 2 + 0) / 3)
    assert metrics['accuracy/top1'] == pytest.approx(100 * 4 / 7)
