"""A tiny data set of six classes with its config, and test results in the host's format."""

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
    """Write two images of each class, ``scenes/CLASS/LETTER_CLASS.png``, and ``config.py``; return ``folder``."""
    rng = np.random.default_rng(0)
    for name in CLASSES:
        (folder / 'scenes' / name).mkdir(parents=True)
        for letter in 'ba':
            image = Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8))
            image.save(folder / f'scenes/{name}/{letter}_{name}.png')
    (folder / 'config.py').write_text(CONFIG)
    return folder


def labels():
    """Return the labels of the 12 images."""
    return np.repeat(np.arange(len(CLASSES)), 2)


def random_scores(seed):
    """Return uniform scores of the 12 images, (12, 6)."""
    return np.random.default_rng(seed).random((2 * len(CLASSES), len(CLASSES)), dtype=np.float32)


def make_sample(path, scores, gt_labels=None):
    """Return a data sample as a dict, with the prediction that ``scores`` (C) give, and optional labels."""
    sample = DataSample(metainfo=dict(img_path=path, sample_idx=0, img_shape=(32, 32)))
    sample.set_pred_score(torch.as_tensor(scores).clone()).set_pred_label(int(scores.argmax()))
    if gt_labels is not None:
        sample.set_gt_label(torch.as_tensor(gt_labels))
    return sample.to_dict()


def dump_samples(path, samples):
    """Write data samples with the host's own metric; return ``path``."""
    metric = DumpResults(str(path))
    metric.process({}, samples)
    metric.evaluate(len(samples))
    return path


def write_result(path, scores, gt_labels=None, with_labels=True, suffix=''):
    """Write a test result of the images of :func:`make_scenes`.

    Args:
        path: file to write.
        scores: (N, C), for the first N images.
        gt_labels: labels of the images; by default the true ones.
        with_labels: whether the samples have labels.
        suffix: text to append to each image's path.
    """
    gt_labels = labels() if gt_labels is None else gt_labels
    samples = []
    for index, score in enumerate(scores):
        name = CLASSES[index // 2]
        image = f'scenes/{name}/{"ab"[index % 2]}_{name}.png{suffix}'
        samples.append(make_sample(image, score, [gt_labels[index]] if with_labels else None))
    dump_samples(path, samples)
