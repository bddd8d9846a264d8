"""Tiny datasets and configs of both hosts, and a function that runs a tool on them in a new process."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from helpers.fork_server import ForkedProcess
from helpers.host_stacks import session_path
from PIL import Image

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / 'tools'
LONGEST_RUN = 900  # seconds until a run is taken for hanging, on a machine that other processes use too

# UNet and FCNHead of mmsegmentation, 3 classes, 4 images of 32x32; SyncBN, like most of its configs.
SEGMENTATION = """
default_scope = 'mmseg'
norm_cfg = dict(type='SyncBN')
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(type='SegDataPreProcessor', mean=[127.] * 3, std=[60.] * 3, size=(32, 32)),
    backbone=dict(type='UNet', base_channels=4, num_stages=2, strides=(1, 1), enc_num_convs=(1, 1),
                  dec_num_convs=(1,), downsamples=(True,), enc_dilations=(1, 1), dec_dilations=(1,),
                  norm_cfg=norm_cfg),
    decode_head=dict(type='FCNHead', in_channels=4, channels=4, in_index=-1, num_convs=1, num_classes=3,
                     norm_cfg=norm_cfg),
    test_cfg=dict(mode='whole'))
load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
dataset = dict(type='BaseSegDataset', data_root='seg', img_suffix='.png',
               data_prefix=dict(img_path='images', seg_map_path='labels'),
               metainfo=dict(classes=('a', 'b', 'c'), palette=[[0, 0, 0], [255, 0, 0], [0, 255, 0]]),
               pipeline=[*load, dict(type='PackSegInputs')])
train_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=True,
                        sampler=dict(type='InfiniteSampler'), dataset=dataset)
val_dataloader = dict(batch_size=1, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
                      dataset=dataset)
test_dataloader = val_dataloader
val_evaluator = test_evaluator = dict(type='IoUMetric')
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2, val_interval=100)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=.01))
param_scheduler = [dict(type='PolyLR', power=.9, begin=0, end=100, by_epoch=False)]
default_hooks = dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2),
                     logger=dict(type='LoggerHook', interval=1, log_metric_by_epoch=False),
                     visualization=dict(type='SegVisualizationHook'))
visualizer = dict(type='SegLocalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_processor = dict(by_epoch=False)
tta_model = dict(type='SegTTAModel')
tta_pipeline = [load[0], dict(type='TestTimeAug', transforms=[
    [dict(type='RandomFlip', prob=0.), dict(type='RandomFlip', prob=1.)], load[1:],
    [dict(type='PackSegInputs')]])]
"""

# LeNet-5 of mmpretrain, 2 classes, 4 images of 32x32, one epoch of 2 iterations.
CLASSIFICATION = """
default_scope = 'mmpretrain'
model = dict(type='ImageClassifier', backbone=dict(type='LeNet5', num_classes=2), neck=None,
             head=dict(type='ClsHead', loss=dict(type='CrossEntropyLoss')))
data_preprocessor = dict(num_classes=2, mean=[127.], std=[60.])
dataset = dict(type='CustomDataset', data_root='cls',
               pipeline=[dict(type='LoadImageFromFile', color_type='grayscale'), dict(type='PackInputs')])
train_dataloader = dict(batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
                        dataset=dataset)
val_dataloader = dict(batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False),
                      dataset=dataset)
test_dataloader = val_dataloader
val_evaluator = test_evaluator = dict(type='Accuracy', topk=(1,))
train_cfg = dict(by_epoch=True, max_epochs=1, val_interval=1)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='SGD', lr=.01))
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1),
                     logger=dict(type='LoggerHook', interval=1),
                     visualization=dict(type='VisualizationHook', enable=False))
visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
"""


def make_workspace(folder):
    """Write both configs (``seg.py``, ``cls.py``) and their data into ``folder``, and return it."""
    rng = np.random.default_rng(0)
    for name in ('seg/images', 'seg/labels', 'cls/even', 'cls/odd'):
        (folder / name).mkdir(parents=True)
    for index in range(4):
        image = Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8))
        image.save(folder / f'seg/images/{index}.png')
        image.convert('L').save(folder / ('cls/odd' if index % 2 else 'cls/even') / f'{index}.png')
        label = Image.fromarray(rng.integers(0, 3, (32, 32), dtype=np.uint8))
        label.save(folder / f'seg/labels/{index}.png')
    (folder / 'seg.py').write_text(SEGMENTATION)
    (folder / 'cls.py').write_text(CLASSIFICATION)
    return folder


def run(folder, tool, *arguments, path=(), stdin=None, new_interpreter=False, **environment):
    """Run a tool in a process of its own without an accelerator, and return the finished process.

    Args:
        folder (Path): working directory.
        tool (str): path below ``tools/``, or '-c' to run the Python code in the first argument.
        *arguments: arguments of the tool.
        path (Sequence): folders to put first on PYTHONPATH.
        stdin (str | None): text for standard input.
        new_interpreter (bool): start an interpreter instead of forking one that has imported PyTorch, for tests that
            measure memory.
        **environment (str): environment variables to add.
    """
    command = [tool if tool == '-c' else str(TOOLS / tool), *map(str, arguments)]
    variables = environment_with(path, **environment)
    if not tool.endswith('.sh') and not new_interpreter:
        return run_forked(command, folder, variables, stdin)
    return subprocess.run(
        [*interpreter(tool), *command],
        cwd=folder,
        env=variables,
        input=stdin,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LONGEST_RUN,
    )


def run_forked(command, folder, variables, stdin):
    with tempfile.TemporaryFile('w+') as given, tempfile.TemporaryFile('w+', errors='replace') as output:
        given.write(stdin or '')
        given.seek(0)
        process = ForkedProcess(command, folder, variables, given, output)
        try:
            process.wait(timeout=LONGEST_RUN)
        finally:
            process.kill()
        output.seek(0)
        return subprocess.CompletedProcess(command, process.returncode, output.read())


def interpreter(tool):
    """Return the beginning of a command line for a tool."""
    return ['bash'] if tool.endswith('.sh') else [sys.executable, '-W', 'ignore']


def environment_with(path=(), **variables):
    """Return this process's environment without an accelerator, with folders first on PYTHONPATH and ``variables``."""
    return {
        **os.environ,
        'OMP_NUM_THREADS': '1',
        'CUDA_VISIBLE_DEVICES': '-1',
        'PATH': os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']]),
        'PYTHONPATH': os.pathsep.join(map(str, (*path, *session_path(), ROOT))),
        **variables,
    }


def run_line(folder, line, **options):
    """Run a command line ``TOOL ARGUMENT …`` without quoted spaces; ``options`` are those of :func:`run`."""
    tool, *arguments = line.split()
    return run(folder, tool, *arguments, **options)


def succeeded(process):
    """Return the output of a process, which must have ended with exit code 0."""
    assert process.returncode == 0, process.stdout[-3000:]
    return process.stdout
