"""The configs of class-aware sampling: named by what they hold, each pair differs in the sampler alone, all train."""
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import EVALUATOR, METRICS, DefaultScope
from mmpretrain.structures import DataSample
from PIL import Image
from tiny_runs import run, succeeded

FOLDER = Path(__file__).parents[1] / 'configs' / 'class_aware_sampling'
LEAVES = sorted(FOLDER.rglob('*.py'))
SAMPLERS = {'default': dict(type='DefaultSampler', shuffle=True), 'class-aware': dict(type='mmgb.ClassAwareSampler')}


@pytest.fixture(params=LEAVES, ids=lambda path: path.stem)
def leaf(request):
    return request.param


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Both data sets in the places where the configs look, with sixteen training images each."""
    folder = tmp_path_factory.mktemp('class_aware')
    rng = np.random.default_rng(0)
    for part, count in (('train', 2), ('val', 1)):
        for label in range(8):
            path = folder / f'data/sun8/{part}/{label}'
            path.mkdir(parents=True)
            for i in range(count):
                Image.fromarray(rng.integers(0, 256, (96, 100, 3), dtype=np.uint8)).save(path / f'{i}.jpg')
    (folder / 'data/cifar10').mkdir()
    images = rng.integers(0, 256, (26, 32, 32, 3), dtype=np.uint8)
    labels = np.array([*range(10), 0, 0, 0, 0, 1, 1, *range(10)])
    np.savez(folder / 'data/cifar10/cifar10_lt100.npz', x_train=images[:16], y_train=labels[:16], x_test=images[16:],
             y_test=labels[16:])
    return folder


def test_file_name_says_the_sampler_the_batch_the_length_and_the_size(leaf):
    cfg = Config.fromfile(leaf)
    _, sampler, batch, data = leaf.stem.split('_')
    assert cfg.train_dataloader.sampler.to_dict() == SAMPLERS[sampler]
    assert batch == f'1xb{cfg.train_dataloader.batch_size}-{cfg.train_cfg.max_epochs}e'
    assert cfg.auto_scale_lr.base_batch_size == cfg.train_dataloader.batch_size
    assert cfg.param_scheduler[0].T_max == cfg.train_cfg.max_epochs
    size = int(data.rpartition('x')[2])
    crop = next(step for step in cfg.train_pipeline if 'Crop' in step.type)
    assert size == crop.get('scale', crop.get('crop_size'))
    assert isinstance(cfg.randomness.seed, int)


def test_the_sampler_is_the_only_difference_to_the_baseline(leaf):
    cfg, baseline = (Config.fromfile(path) for path in (leaf, next(leaf.parent.glob('*_default_*.py'))))
    cfg.train_dataloader.sampler = baseline.train_dataloader.sampler
    assert cfg.to_dict() == baseline.to_dict()


def test_reported_recall_is_the_mean_of_the_classes_accuracies(leaf):
    cfg = Config.fromfile(leaf)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        evaluator = EVALUATOR.build(dict(type='Evaluator', metrics=[METRICS.build(m) for m in cfg.val_evaluator]))
    labels = [0, 0, 0, 0, 1, 1, 2]
    predicted = [0, 0, 0, 1, 1, 0, 0]
    scores = torch.eye(3) * 0.4 + 0.2
    evaluator.process([DataSample().set_gt_label(label).set_pred_score(scores[found])
                       for label, found in zip(labels, predicted)])
    metrics = evaluator.evaluate(len(labels))
    assert metrics['single-label/recall'] == pytest.approx(100 * (3 / 4 + 1 / 2 + 0) / 3)
    assert metrics['accuracy/top1'] == pytest.approx(100 * 4 / 7)


def test_trains_two_iterations_and_reports_both_accuracies(leaf, data):
    output = succeeded(run(
        data, 'train.py', leaf, '--work-dir', leaf.stem, '--cfg-options', 'train_cfg.max_epochs=1',
        'train_cfg.val_interval=1', 'train_dataloader.batch_size=8', 'train_dataloader.num_workers=0',
        'val_dataloader.num_workers=0', 'default_hooks.logger.interval=1'))
    assert re.search(r'Epoch\(train\) \[1\]\[2/2\].* loss: \d', output)
    assert re.search(r'Epoch\(val\) \[1\]\[1/1\].*accuracy/top1: \d.*single-label/recall: \d', output)
