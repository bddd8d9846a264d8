"""CheckCropSizeHook on pipelines of both hosts; it leaves pipelines and random states unchanged."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import ConcatDataset
from mmengine.registry import DATASETS, DefaultScope

from mmgb.engine.hooks import CheckCropSizeHook

PACK = dict(type='PackInputs')


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / 'images.npz', x_train=np.zeros((2, 20, 30, 3), np.uint8), y_train=np.arange(2))
    return str(tmp_path / 'images.npz')


def array_dataset(file, *steps, **settings):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return DATASETS.build(dict(type='mmgb.ArrayDataset', images=file, pipeline=[*steps, PACK], **settings))


def check(dataset, loop='train'):
    def loop_over(data):
        return SimpleNamespace(dataloader=SimpleNamespace(dataset=data))

    loops = dict(train_loop=loop_over([1]), val_loop=None) | {f'{loop}_loop': loop_over(dataset)}
    hook = CheckCropSizeHook()
    (hook.before_test if loop == 'test' else hook.before_train)(SimpleNamespace(**loops))


@pytest.mark.parametrize(
    'step, size',
    [
        (dict(type='RandomCrop', crop_size=(21, 30)), '21x30'),
        (dict(type='RandomCrop', crop_size=(20, 31)), '20x31'),
        (dict(type='CenterCrop', crop_size=(30, 21)), '21x30'),
        (dict(type='CenterCrop', crop_size=(31, 20)), '20x31'),
        (dict(type='RandomCrop', crop_size=25, padding=2), '25x25'),
    ],
)
@pytest.mark.parametrize('loop', ['train', 'val', 'test'])
def test_a_crop_larger_than_the_image_is_refused_with_both_sizes(step, size, loop, file):
    with pytest.raises(
        ValueError,
        match=(
            rf'^crop_size={size} of {step["type"]} in the pipeline of {loop}_dataloader: expected at most the size of '
            r'the first image, got an image of 20x30 pixels \(height x width\); add '
        ),
    ):
        check(array_dataset(file, step), loop)


@pytest.mark.parametrize(
    'steps',
    [
        [dict(type='RandomCrop', crop_size=(20, 30))],
        [dict(type='CenterCrop', crop_size=(30, 20))],
        [dict(type='RandomCrop', crop_size=24, padding=2)],
        [dict(type='RandomCrop', crop_size=40, pad_if_needed=True)],
        [dict(type='CenterCrop', crop_size=40, auto_pad=True)],
        [dict(type='ResizeEdge', scale=40, edge='short'), dict(type='RandomCrop', crop_size=40)],
        [],
    ],
)
def test_a_crop_that_fits_or_is_padded_passes(steps, file):
    check(array_dataset(file, *steps))


def test_wrapped_data_sets_are_checked(file):
    good, bad = array_dataset(file), array_dataset(file, dict(type='RandomCrop', crop_size=25))
    with pytest.raises(ValueError, match='crop_size=25x25'):
        check(ConcatDataset([good, bad]))


def test_an_empty_data_set_passes(file):
    check(array_dataset(file, dict(type='RandomCrop', crop_size=25), indices=[]))


@pytest.mark.parametrize('crop_size', [10, 25])
def test_the_pipeline_and_the_random_states_are_unchanged(crop_size, file):
    dataset = array_dataset(file, dict(type='RandomCrop', crop_size=crop_size), dict(type='RandomFlip', prob=0.5))
    before = list(dataset.pipeline.transforms)

    def draw():
        return random.random(), np.random.random(), torch.rand(1).item()

    def seed():
        random.seed(0), np.random.seed(0), torch.manual_seed(0)

    seed()
    expected = draw()
    seed()
    try:
        check(dataset)
    except ValueError:
        assert crop_size == 25
    assert draw() == expected
    assert all(step is old for step, old in zip(dataset.pipeline.transforms, before))


def test_mmsegs_crop_is_skipped_because_the_preprocessor_pads_small_crops():
    from mmseg.datasets.transforms import RandomCrop
    from mmseg.models import SegDataPreProcessor
    from mmseg.structures import SegDataSample

    crop = RandomCrop(crop_size=(25, 40))
    check(Maps(crop))
    padded = SegDataPreProcessor(size=(25, 40))(
        dict(inputs=[torch.zeros(3, 20, 30)], data_samples=[SegDataSample()]), training=True
    )
    assert padded['inputs'].shape == (1, 3, 25, 40)


class Maps(list):
    """A data set of one image that must not be read; its pipeline is ``crop``."""

    def __init__(self, crop):
        super().__init__([None])
        self.pipeline = SimpleNamespace(transforms=[crop])

    def __getitem__(self, index):
        raise AssertionError('read')
