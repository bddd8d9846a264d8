"""tools/train.py and tools/test.py refuse data that don't fit a config's network or pipeline."""

import pytest
import torch
from helpers.fake_data import write_fake_data
from helpers.many_runs import run_many
from helpers.shrunk_configs import CONFIGS
from mmengine.registry import MODELS, DefaultScope

from mmgb.apis.config import TEST_FIELDS, load_config

pytestmark = pytest.mark.slow

CIFAR = 'gradient_boosting/cifar10/cifar-convnet5-slim_{}_1xb128-10e_cifar10-32x32'
MNIST = 'lecture/mlp_base_1xb100-10e_mnist-28x28'
DIGITS = 'gradient_boosting/digits/pixelnet-vgg16-slim_{}_1xb4-4e_digits-200x200'
PLACES = 'relay_bp/places2/model-b_relay-bp_8xb32-24e_places2-224x224'
SUN = 'class_aware_sampling/sun8/resnet18-w16_default_1xb64-30e_sun8-64x64'
IMAGENET = 'gradient_boosting/imagenet/alexnet-bn_softmax_4xb32-10e_in1k-224x224'
NARROW = (
    'model=dict(model=dict(backbone=dict(width=1/16), neck=dict(in_channels=32, fc_channels=(8, 8)), '
    'head=dict(in_channels=8)))'
)
PIPELINE = 'train_dataloader=dict(dataset=dict(pipeline=[{}, dict(type="PackInputs")]))'
LOAD = 'dict(type="LoadImageFromFile"), '
# {case: (config, change of the config, part of the expected sentence)}
CASES = {
    'too few classes': (
        CIFAR.format('softmax'),
        'model=dict(head=dict(num_classes=7))',
        'head.num_classes=7: expected 10, the number of classes of the ArrayDataset in train_dataloader (head is '
        'LinearClsHead)',
    ),
    'too few classes, boosted': (
        CIFAR.format('exp-gb'),
        'model=dict(head=dict(num_classes=7))',
        'num_classes=7: expected 10',
    ),
    'too many classes': (MNIST, 'model=dict(head=dict(num_classes=12))', 'num_classes=12: expected 10'),
    'class folders': (
        SUN,
        'model=dict(head=dict(num_classes=9))',
        'expected 8, the number of classes of the CustomDataset',
    ),
    'too few labels': (
        DIGITS.format('exp-gb'),
        'model=dict(decode_head=dict(num_classes=7))',
        'decode_head.num_classes=7: expected 11, the number of classes of the BaseSegDataset in train_dataloader '
        '(decode_head is PixelNetHead)',
    ),
    'too many labels': (
        DIGITS.format('softmax'),
        'model=dict(decode_head=dict(num_classes=12))',
        'num_classes=12: expected 11',
    ),
    'image list': (
        PLACES,
        NARROW.replace('in_channels=8)', 'in_channels=8, num_classes=365)'),
        'head.num_classes=365: expected 401, the number of classes of the Places2 in train_dataloader',
    ),
    'crop of arrays': (
        CIFAR.format('softmax'),
        PIPELINE.format('dict(type="RandomCrop", crop_size=40)'),
        'crop_size=40x40 of RandomCrop in the pipeline of train_dataloader: expected at most the size of the first '
        'image, got an image of 32x32 pixels',
    ),
    'crop of photos': (
        SUN,
        PIPELINE.format(LOAD + 'dict(type="RandomCrop", crop_size=64)'),
        'expected at most the size of the first image, got an image of 40x48 pixels',
    ),
    'small for AlexNetBN': (
        IMAGENET,
        PIPELINE.format(LOAD + 'dict(type="Resize", scale=32)')
        + '\nmodel=dict(backbone=dict(width=1/32), head=dict(in_channels=128))',
        'AlexNetBN: expected images with 3 channels and at least 63x63 pixels, got 3x32x32 (channels x height x width)',
    ),
    'small for CifarConvNet': (
        CIFAR.format('softmax'),
        PIPELINE.format('dict(type="Resize", scale=16)'),
        'CifarConvNet: expected images of 3x32x32, got 3x16x16 (channels x height x width)',
    ),
    'small for MLP': (
        MNIST,
        PIPELINE.format('dict(type="Resize", scale=16)'),
        'in_features=784: expected images with 784 values, got 256 from 1x16x16 (channels x height x width)',
    ),
    'test data': (
        CIFAR.format('softmax'),
        'model=dict(head=dict(num_classes=7))',
        'head.num_classes=7: expected 10, the number of classes of the ArrayDataset in test_dataloader',
    ),
}


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Run all cases in one process and return {case: (exit code, output)}."""
    folder = write_fake_data(tmp_path_factory.mktemp('misfits'))
    commands = {}
    for index, (case, (config, change, _)) in enumerate(CASES.items()):
        loaders = '\n'.join(
            f'{name}_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False)'
            for name in ('val', 'test')
        )
        train = change if 'train_dataloader=' in change else change + '\ntrain_dataloader=dict()'
        train = train.replace(
            'train_dataloader=dict(', 'train_dataloader=dict(batch_size=2, num_workers=0, persistent_workers=False, '
        )
        path = folder / f'case{index}.py'
        path.write_text(f"_base_ = '{CONFIGS / config}.py'\n{train}\n{loaders}\n")
        commands[case] = ['train.py', path, '--work-dir', f'case{index}']
        if case == 'test data':
            cfg = load_config(str(path), {}, TEST_FIELDS)
            with DefaultScope.overwrite_default_scope('mmpretrain'):
                torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), folder / 'weights.pth')
            commands[case] = ['test.py', path, 'weights.pth', '--work-dir', 'tested']
    return run_many(folder, commands)


@pytest.mark.parametrize('case', CASES)
def test_misfit_data_are_refused_before_the_first_step(case, runs):
    code, output = runs[case]
    assert code == 2, output
    assert ': error: ' in output.splitlines()[-1] and CASES[case][2] in output.splitlines()[-1]
    assert 'Traceback' not in output and '(train)' not in output and '(test)' not in output
