"""The trainings into which faults are injected: their configs and data, and the number of their iterations."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
BASES = ROOT / 'configs/_base_'
SIZES = dict(train=128, test=20)  # images of the scenarios cifar10 and plateau
NOTING = """
custom_imports = dict(imports=['noting'], allow_failed_imports=False)
randomness = dict(seed=5)
default_hooks = dict(logger=dict(type='LoggerHook', interval=1))
"""
# Class-aware sampling in an iteration-based loop, with dropout and a worker.
DROPOUT = f"""{NOTING}
default_scope = 'mmengine'
model = dict(type='DropoutNet')
train_dataloader = dict(batch_size=4, num_workers=1, dataset=dict(type='NoisyPoints', samples=30),
                        sampler=dict(type='mmgb.ClassAwareSampler', infinite=True))
train_cfg = dict(type='IterBasedTrainLoop', max_iters=80)
optim_wrapper = dict(optimizer=dict(type='SGD', lr=.05, momentum=.9))
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, T_max=80)
log_processor = dict(by_epoch=False)
default_hooks.update(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=4, max_keep_ckpts=3))
custom_hooks = [dict(type='NoteHook'), dict(type='mmgb.ExactResumeHook')]
"""
# Random crops and flips in an epoch-based loop with checkpoints in the middle of epochs, and validation.
CIFAR10 = f"""
_base_ = ['{BASES}/models/cifar-convnet5.py', '{BASES}/datasets/cifar10-lt100_32x32.py',
          '{BASES}/schedules/sgd_fixed_10e.py', '{BASES}/mmpretrain_runtime.py']
{NOTING}
model = dict(backbone=dict(width=0.125), head=dict(in_channels=1024))
train_dataloader = dict(batch_size=8)
train_cfg = dict(max_epochs=7)
default_hooks.update(checkpoint=dict(by_epoch=False, interval=3, max_keep_ckpts=3))
custom_hooks = [*_base_.custom_hooks, dict(type='NoteHook')]
"""
# Checkpoints before the validation of their epoch, whose accuracy decides about the next learning rate.
PLATEAU = f"""{CIFAR10}
param_scheduler = [dict(type='ReduceOnPlateauLR', monitor='accuracy/top1', rule='greater', factor=0.5, patience=0)]
default_hooks.update(checkpoint=dict(by_epoch=True, interval=1, max_keep_ckpts=3))
"""
# PixelNet on scenes of digits: dropout, drawn pixels and channel gains, with a checkpoint after each epoch.
DIGITS = f"""
_base_ = '{ROOT}/configs/gradient_boosting/digits/pixelnet-vgg16-slim_exp-gb_1xb4-4e_digits-200x200.py'
{NOTING}
train_dataloader = dict(batch_size=2, dataset=dict(pipeline=[
    dict(type='LoadImageFromFile'), dict(type='LoadAnnotations'), dict(type='Resize', scale=(64, 64)),
    dict(type='mmgb.RandomChannelGain', low=0.8, high=1.3), dict(type='PackSegInputs')]))
train_cfg = dict(max_epochs=12, val_interval=100)
default_hooks.update(checkpoint=dict(max_keep_ckpts=3))
custom_hooks = [*_base_.custom_hooks, dict(type='NoteHook')]
"""
CONFIGS = dict(dropout=DROPOUT, cifar10=CIFAR10, plateau=PLATEAU, digits=DIGITS)
ITERATIONS = dict(dropout=80, cifar10=56, plateau=56, digits=60)


def make_scenario(folder: Path, name: str) -> Path:
    """Empty a folder, write the config ``NAME.py`` and the data of a scenario into it, and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / f'{name}.py').write_text(CONFIGS[name], encoding='utf-8')
    if name in ('cifar10', 'plateau'):
        rng = np.random.default_rng(0)
        arrays = {f'x_{part}': rng.integers(0, 256, (size, 32, 32, 3), np.uint8) for part, size in SIZES.items()}
        labels = {f'y_{part}': np.arange(size, dtype=np.uint8) % 10 for part, size in SIZES.items()}
        (folder / 'data/cifar10').mkdir(parents=True)
        np.savez(folder / 'data/cifar10/cifar10_lt100.npz', **arrays, **labels)
    elif name == 'digits':
        maker = ROOT / 'tools/dataset_converters/make_digits_voc.py'
        options = ['--train', '20', '--val', '2', '--size', '64']
        subprocess.run([sys.executable, '-W', 'ignore', maker, 'data/digits', *options], cwd=folder, check=True)
    return folder
