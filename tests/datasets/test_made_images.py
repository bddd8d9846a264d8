"""Made images: samples are reproducible, go through a pipeline as loaded ones, and have labels that can be learnt."""

import numpy as np
import pytest
from mmengine.registry import DefaultScope

from mmgb.datasets.made_images import IGNORED, MadeImages
from mmgb.datasets.sample_labels import sample_labels


def test_a_sample_depends_on_seed_and_index_alone():
    first, second = (MadeImages(10, (20, 30), 100, []) for _ in range(2))
    second[7], second[9]
    np.testing.assert_array_equal(first[5]['img'], second[5]['img'])
    assert not np.array_equal(first[5]['img'], first[15]['img'])
    assert not np.array_equal(first[5]['img'], MadeImages(10, (20, 30), 100, [], seed=1)[5]['img'])


def test_labels_are_ten_classes_over_the_whole_range():
    data = MadeImages(401, (8, 8), 1000, [])
    labels = sample_labels(data)
    assert len(set(labels.tolist())) == 10 and labels.min() == 0 and labels.max() == 400
    assert [data[index]['gt_label'] for index in (0, 3, 17)] == labels[[0, 3, 17]].tolist()
    assert len(set(MadeImages(4, (8, 8), 100, []).get_gt_labels())) == 4


@pytest.mark.parametrize('channels, side', [(1, 28), (3, 32)])
def test_a_nearest_mean_classifier_learns_the_labels(channels, side):
    data = MadeImages(10, (side, side), 1000, [], channels=channels)
    samples = [data[index] for index in range(300)]
    images = np.stack([sample['img'].reshape(-1).astype(float) for sample in samples])
    labels = np.array([sample['gt_label'] for sample in samples])
    means = np.stack([images[:200][labels[:200] == label].mean(axis=0) for label in range(10)])
    distance = ((images[200:, None] - means) ** 2).sum(axis=2)
    assert (distance.argmin(axis=1) == labels[200:]).mean() > 0.8


def test_channel_order_and_type_are_those_of_the_loading_transform():
    settings = dict(num_classes=10, size=(12, 16), length=10)
    rgb = MadeImages(**settings, pipeline=[], channel_order='rgb')[3]['img']
    bgr = MadeImages(**settings, pipeline=[])[3]['img']
    assert rgb.shape == (12, 16, 3) and rgb.dtype == np.uint8
    np.testing.assert_array_equal(rgb[..., ::-1], bgr)
    floats = MadeImages(**settings, pipeline=[], to_float32=True)[3]['img']
    assert floats.dtype == np.float32
    np.testing.assert_array_equal(floats, bgr)
    assert MadeImages(**settings, pipeline=[], channels=1)[3]['img'].shape == (12, 16)


def test_label_maps_have_background_other_classes_and_ignored_borders():
    data = MadeImages(21, (64, 80), 100, [], segmentation=True)
    samples = [data[index] for index in range(20)]
    labels = np.stack([sample['gt_seg_map'] for sample in samples])
    assert labels.shape == (20, 64, 80) and labels.dtype == np.uint8
    assert 0.3 < (labels == 0).mean() < 0.9 and 0 < (labels == IGNORED).mean() < 0.1
    assert set(np.unique(labels)) - {IGNORED} <= set(data.used.tolist())
    # The mean colour of a class differs between classes more than between images.
    colours = {
        label: np.stack([s['img'][s['gt_seg_map'] == label].mean(axis=0) for s in samples if label in s['gt_seg_map']])
        for label in np.unique(labels)
        if label != IGNORED
    }
    between = np.stack([each.mean(axis=0) for each in colours.values()]).var(axis=0).sum()
    within = np.mean([each.var(axis=0).sum() for each in colours.values()])
    assert between > within


def test_pipelines_of_both_hosts_take_the_samples():
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        crop = [dict(type='RandomCrop', crop_size=16), dict(type='PackInputs')]
        packed = MadeImages(10, (24, 32), 10, crop)[4]
        assert packed['inputs'].shape == (3, 16, 16) and packed['data_samples'].gt_label.item() == 4
    with DefaultScope.overwrite_default_scope('mmseg'):
        steps = [dict(type='Resize', scale=(16, 16), keep_ratio=False), dict(type='PackSegInputs')]
        packed = MadeImages(21, (24, 32), 10, steps, segmentation=True)[4]
        assert packed['inputs'].shape == (3, 16, 16) and packed['data_samples'].gt_sem_seg.shape == (16, 16)
