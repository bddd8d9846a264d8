"""The trainings that ``compare_full_resolution.py`` compares: a small FCN on a few images of VOC 2012."""

from __future__ import annotations

from pathlib import Path

from scenarios import BASES  # beside this file

# The same images for training and testing: random weights learn nothing visible from the complete data in minutes.
IMAGES = 12
SIZE = 96  # height and width; the heads predict at an eighth of it
PLAIN = f"""
_base_ = ['{BASES}/datasets/voc12_200x200.py', '{BASES}/mmseg_runtime.py']
norm_cfg = dict(type='BN')
loss = dict(type='mmgb.Pow3GBLoss', matched=True)
head = dict(type='FCNHead', channels=32, num_convs=1, dropout_ratio=0.1, num_classes=21, norm_cfg=norm_cfg,
            align_corners=False)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(type='SegDataPreProcessor', size=({SIZE}, {SIZE}), mean=[123.675, 116.28, 103.53],
                           std=[58.395, 57.12, 57.375], bgr_to_rgb=True, pad_val=0, seg_pad_val=255),
    backbone=dict(type='ResNetV1c', depth=18, base_channels=16, stem_channels=16, num_stages=4,
                  out_indices=(0, 1, 2, 3), dilations=(1, 1, 2, 4), strides=(1, 2, 1, 1), norm_cfg=norm_cfg,
                  contract_dilation=True),
    decode_head=dict(head, in_channels=128, in_index=3, loss_decode=loss),
    auxiliary_head=dict(head, in_channels=64, in_index=2, concat_input=False, loss_decode=dict(loss, loss_weight=0.4)),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
load, labels = dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')
resize, pack = dict(type='Resize', scale=({SIZE}, {SIZE}), keep_ratio=False), dict(type='PackSegInputs')
flip, gain = dict(type='RandomFlip', prob=0.5), dict(type='mmgb.RandomChannelGain', low=0.8, high=1.3)
images = dict(data_root='VOC2012', ann_file='IMAGES')
train_dataloader = dict(dataset=dict(images, pipeline=[load, labels, resize, flip, gain, pack]))
val_dataloader = dict(dataset=dict(images, pipeline=[load, resize, labels, pack]))
test_dataloader = val_dataloader
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=0.0005))
param_scheduler = []
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100, val_interval=100)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(logger=dict(interval=1), checkpoint=dict(interval=10))
log_processor = dict(window_size=1)  # the losses of the iterations, not their running mean
"""
WRAPPED = """
_base_ = 'plain.py'
wrapper = dict(type='mmgb.FullResolutionLoss', head='FCNHead')
model = dict(decode_head=wrapper, auxiliary_head=wrapper)
"""
EXP_GB = """
_base_ = 'wrapped.py'
loss = dict(type='mmgb.ExpGBLoss')
model = dict(decode_head=dict(loss_decode=loss), auxiliary_head=dict(loss_decode=loss))
"""
FLOAT64 = """
_base_ = '{base}.py'
custom_imports = dict(imports=['double_precision'])
custom_hooks = [dict(type='mmgb.ExactResumeHook'), dict(type='DoublePrecisionHook')]
train_cfg = dict(max_epochs=10)
"""
CONFIGS = {
    'plain': PLAIN,
    'wrapped': WRAPPED,
    'wrapped_killed': "_base_ = 'wrapped.py'\n",
    'wrapped_exp-gb': EXP_GB,
    'plain_float64': FLOAT64.format(base='plain'),
    'wrapped_float64': FLOAT64.format(base='wrapped'),
}
KILLED_AT = {'wrapped_killed': 163}  # iteration after which a training is killed, and then resumed
TESTED = ('plain', 'wrapped', 'wrapped_killed')


def write_configs(folder: Path, voc: Path) -> None:
    """Write a config for each training, and the list of the images that they train on, into a folder.

    Args:
        folder: working directory of the trainings.
        voc: folder VOC2012 of the data set. Every so many images of its training list are used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = (voc / 'ImageSets/Segmentation/train.txt').read_text(encoding='utf-8').split()
    images = folder / 'images.txt'
    images.write_text('\n'.join(names[:: len(names) // IMAGES][:IMAGES]) + '\n', encoding='utf-8')
    for name, config in CONFIGS.items():
        text = config.replace("'VOC2012'", repr(str(voc))).replace("'IMAGES'", repr(str(images)))
        (folder / f'{name}.py').write_text(text, encoding='utf-8')
