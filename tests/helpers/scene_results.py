"""A tiny data set of six classes, its config, and test results of it."""

import numpy as np
import torch
from mmengine.evaluator import DumpResults
from mmpretrain.structures import DataSample
from PIL import Image

CLASSES = ('airport', 'bar', 'campus', 'desert', 'kitchen', 'sky')
CONFIG = """
default_scope = 'mmpretrain'
model = dict(type='ImageClassifier', backbone=dict(type='LeNet5', num_classes=6), neck=None,
             head=dict(type='ClsHead', loss=dict(type='CrossEntropyLoss')))
data_preprocessor = dict(num_classes=6, mean=[127.], std=[60.])
test_dataloader = dict(
    batch_size=5, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='CustomDataset', data_root='scenes',
                 pipeline=[dict(type='LoadImageFromFile', color_type='grayscale'), dict(type='PackInputs')]))
test_evaluator = [dict(type='Accuracy', topk=(1, 2)), dict(type='SingleLabelMetric', items=['recall'])]
test_cfg = dict()
"""


def make_scenes(folder):
    """Writes two images of each class, ``scenes/<class>/<letter>_<class>.png``, and ``config.py``."""
    rng = np.random.default_rng(0)
    for name in CLASSES:
        (folder / 'scenes' / name).mkdir(parents=True)
        for letter in 'ba':
            image = Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8))
            image.save(folder / f'scenes/{name}/{letter}_{name}.png')
    (folder / 'config.py').write_text(CONFIG)
    return folder


def labels():
    return np.repeat(np.arange(len(CLASSES)), 2)


def random_scores(seed):
    return np.random.default_rng(seed).random((2 * len(CLASSES), len(CLASSES)), dtype=np.float32)


def write_result(path, scores, gt_labels=None, with_labels=True, suffix=''):
    """A result of ``scores``, (12, C), for the images of :func:`make_scenes`, as the host's own metric writes it."""
    gt_labels = labels() if gt_labels is None else gt_labels
    samples = []
    for index, score in enumerate(scores):
        name = CLASSES[index // 2]
        image = f'scenes/{name}/{"ab"[index % 2]}_{name}.png{suffix}'
        sample = DataSample(metainfo=dict(sample_idx=index, img_path=image))
        sample.set_pred_score(torch.tensor(score)).set_pred_label(int(score.argmax()))
        samples.append((sample.set_gt_label(int(gt_labels[index])) if with_labels else sample).to_dict())
    metric = DumpResults(str(path))
    metric.process({}, samples)
    metric.evaluate(len(samples))
