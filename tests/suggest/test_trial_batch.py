"""Made batches have the hosts' form, the size of the config's images, and labels that the images show."""

import pytest
import torch
from mmengine.config import Config

from mmgb.suggest.trial_batch import trial_batch, trial_side


@pytest.mark.parametrize(
    'scope, pipeline, side',
    [
        ('mmpretrain', [dict(type='RandomResizedCrop', scale=64)], 64),
        ('mmpretrain', [dict(type='mmpretrain.EfficientNetRandomCrop', scale=380)], 380),
        ('mmpretrain', [dict(type='RandomCrop', crop_size=299)], 299),
        ('mmpretrain', [dict(type='Resize', scale=32)], 32),
        ('mmpretrain', [dict(type='Resize', scale=(512, 512)), dict(type='RandomCrop', crop_size=448)], 448),
        ('mmpretrain', [dict(type='PackInputs')], 224),
        ('mmseg', [dict(type='Resize', scale=(2048, 512)), dict(type='RandomCrop', crop_size=(512, 1024))], 128),
        ('mmseg', [dict(type='RandomCrop', crop_size=(64, 96))], 64),
        ('mmseg', [], 128),
    ],
)
def test_the_side_is_that_of_the_configs_images_for_a_segmentor_up_to_what_a_cpu_takes(scope, pipeline, side):
    assert trial_side(Config(dict(default_scope=scope, train_dataloader=dict(dataset=dict(pipeline=pipeline))))) == side


def test_the_name_of_the_config_tells_the_side_of_images_without_a_transform_that_does(tmp_path):
    for name, side in (('net_1xb8_cifar10-32x32.py', 32), ('net_1xb8_in1k.py', 224)):
        (tmp_path / name).write_text("default_scope = 'mmpretrain'")
        assert trial_side(Config.fromfile(tmp_path / name)) == side


@pytest.mark.parametrize('host', ['mmseg', 'mmpretrain'])
@pytest.mark.parametrize('side', [1, 3, 65, 97])
def test_images_of_any_side_have_a_label_for_each_pixel(host, side):
    batch = trial_batch(host, side, 2, torch.Generator())
    assert {tuple(image.shape) for image in batch['inputs']} == {(3, side, side)}
    if host == 'mmseg':
        assert {tuple(sample.gt_sem_seg.data.shape) for sample in batch['data_samples']} == {(1, side, side)}


def test_images_of_a_class_have_its_colour():
    batch = trial_batch('mmseg', 16, 3, torch.Generator().manual_seed(0), classes=5)
    assert max(sample.gt_sem_seg.data.max() for sample in batch['data_samples']) == 4
    assert len(batch['inputs']) == 3 and batch['inputs'][0].dtype == torch.uint8
    colours = {}
    for image, sample in zip(batch['inputs'], batch['data_samples']):
        labels = sample.gt_sem_seg.data[0]
        for label in labels.unique().tolist():
            colours.setdefault(label, []).append(image[:, labels == label].float().mean(1))
    for found in colours.values():
        assert (torch.stack(found).amax(0) - torch.stack(found).amin(0)).max() < 60  # of 255, by noise and clipping


def test_labels_are_one_or_several():
    one = trial_batch('mmpretrain', 8, 1, torch.Generator())['data_samples'][0].gt_label
    several = trial_batch('mmpretrain', 8, 1, torch.Generator(), several_labels=True)['data_samples'][0].gt_label
    assert one.shape == (1,) and several.shape == (2,) and several[1] >= 8


def test_images_of_one_colour_have_one_channel():
    assert trial_batch('mmpretrain', 8, 1, torch.Generator(), channels=1)['inputs'][0].shape == (1, 8, 8)
