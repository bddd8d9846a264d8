"""Stock configs train with the losses swapped exactly as the documents show, by our tool and by their host's.

A stock config keeps its optimizer, schedule, hooks, losses and pipeline. It becomes narrow, has one process and small
made images, and ends after two iterations.
"""

from __future__ import annotations

import math
import re
import runpy
import sys
from unittest import mock

import pytest
from helpers.code_blocks import BLOCKS
from helpers.swapped_losses import host_configs, make_local
from helpers.tiny_runs import TOOLS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.runner import runner as mmengine_runner

from mmgb import compat
from mmgb.apis.unswapped_losses import boosted_and_unswapped
from mmgb.recipes.image_size import set_image_size
from mmgb.recipes.name import RecipeName
from mmgb.recipes.stand_ins import make_data
from mmgb.utils import process_interrupt

pytestmark = pytest.mark.slow

SIDE = 64
HRNET = {
    f'stage{stage}': dict(num_modules=1, num_blocks=(1,) * branches) for stage, branches in enumerate((1, 2, 3, 4), 1)
}
VIT = dict(arch=dict(embed_dims=24, num_layers=2, num_heads=2, feedforward_channels=48))
BLOCK = {(block.document, block.section, block.number): block.text for block in BLOCKS if block.language == 'python'}
README, SWAP = ('README.md', 'Use it in your config'), 'docs/swap_the_loss.md'
ONE_HEAD, TWO_HEADS = (
    (SWAP, 'One head, AdamW: SegFormer', 1),
    (SWAP, 'Two heads, AdamW: Swin, ConvNeXt or ViT with UPerNet', 1),
)
LIST_OF_HEADS, SIGMOID = (SWAP, 'A list of heads: OCRNet', 1), (SWAP, 'Sigmoid losses: Fast-SCNN', 1)
SGD, SMOOTHED = (
    (SWAP, 'A classifier, SGD: ResNet-50', 1),
    (SWAP, 'A classifier with label smoothing, AdamW: Swin, ConvNeXt or DeiT', 1),
)
RESNET50 = dict(backbone=dict(stem_channels=8, base_channels=8))
CONFIGS = {  # stock config: (the document's block, the changes that make the network narrow)
    'mmseg/segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py': (
        ONE_HEAD,
        dict(backbone=dict(embed_dims=8), decode_head=dict(in_channels=[8, 16, 40, 64], channels=8)),
    ),
    'mmseg/swin/swin-tiny-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512.py': (
        TWO_HEADS,
        dict(
            backbone=dict(embed_dims=12, depths=[1, 1, 1, 1]),
            decode_head=dict(in_channels=[12, 24, 48, 96], channels=8),
            auxiliary_head=dict(in_channels=48, channels=8),
        ),
    ),
    'mmseg/convnext/convnext-tiny_upernet_8xb2-amp-160k_ade20k-512x512.py': (
        TWO_HEADS,
        dict(
            backbone=dict(arch=dict(depths=[1, 1, 1, 1], channels=[8, 16, 32, 64])),
            decode_head=dict(in_channels=[8, 16, 32, 64], channels=8),
            auxiliary_head=dict(in_channels=32, channels=8),
        ),
    ),
    'mmseg/vit/vit_deit-b16_upernet_8xb2-80k_ade20k-512x512.py': (
        TWO_HEADS,
        dict(
            backbone=dict(embed_dims=24, num_layers=4, out_indices=(0, 1, 2, 3)),
            decode_head=dict(in_channels=[24] * 4, channels=8),
            auxiliary_head=dict(in_channels=24, channels=8),
        ),
    ),
    'mmseg/ocrnet/ocrnet_hr18s_4xb2-40k_cityscapes-512x1024.py': (LIST_OF_HEADS, dict(backbone=dict(extra=HRNET))),
    'mmseg/fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py': (SIGMOID, {}),
    'mmseg/pspnet/pspnet_r50-d8_4xb2-40k_cityscapes-512x1024.py': (
        (*README, 1),
        dict(
            RESNET50,
            decode_head=dict(in_channels=256, channels=8),
            auxiliary_head=dict(in_channels=128, channels=8),
        ),
    ),
    'mmseg/fcn/fcn_r50-d8_4xb2-40k_cityscapes-512x1024.py': (
        (*README, 1),
        dict(
            RESNET50,
            decode_head=dict(in_channels=256, channels=8),
            auxiliary_head=dict(in_channels=128, channels=8),
        ),
    ),
    'mmpretrain/swin_transformer/swin-tiny_16xb64_in1k.py': (
        (*README, 2),
        dict(
            backbone=dict(arch=dict(embed_dims=12, depths=[1] * 4, num_heads=[3, 6, 12, 24]), pad_small_map=True),
            head=dict(in_channels=96),
        ),
    ),
    'mmpretrain/convnext/convnext-tiny_32xb128_in1k.py': (
        SMOOTHED,
        dict(backbone=dict(arch=dict(depths=[1] * 4, channels=[8, 16, 32, 64])), head=dict(in_channels=64)),
    ),
    'mmpretrain/deit/deit-tiny_4xb256_in1k.py': (SMOOTHED, dict(backbone=dict(VIT), head=dict(in_channels=24))),
    'mmpretrain/vision_transformer/vit-base-p32_64xb64_in1k.py': (
        SMOOTHED,
        dict(backbone=dict(VIT), head=dict(in_channels=24, hidden_dim=48)),
    ),
    'mmpretrain/resnet/resnet50_8xb32_in1k.py': (SGD, dict(RESNET50, head=dict(in_channels=256))),
    'mmpretrain/resnet/resnet18_8xb32_in1k.py': (SGD, dict(RESNET50, head=dict(in_channels=64))),
    'mmpretrain/resnet/resnet18_8xb16_cifar10.py': (SGD, dict(RESNET50, head=dict(in_channels=64))),
    'mmpretrain/mobilenet_v3/mobilenet-v3-small_8xb128_in1k.py': (SMOOTHED, dict(head=dict(mid_channels=[32]))),
}


def write_config(name, block, narrow, folder):
    """Write the block of a document over a stock config, narrow and for two iterations, and return the file."""
    host, file = name.split('/', 1)
    documented = folder / 'documented.py'
    documented.write_text(re.sub("_base_ = '.*'", f"_base_ = '{host_configs(host) / file}'", block), encoding='utf-8')
    cfg = Config.fromfile(documented)
    if 'arch' in narrow.get('backbone', {}):
        del cfg.model.backbone.arch  # a name, which no dict can be merged into
    cfg.merge_from_dict(dict(model=narrow))
    make_local(cfg.model)
    make_data(cfg, RecipeName(1, SIDE, 4), folder)
    set_image_size(cfg, SIDE)
    if 'img_size' in cfg.model.backbone:
        cfg.model.backbone.img_size = SIDE
    cfg.train_dataloader.update(batch_size=2, num_workers=0, persistent_workers=False)
    cfg.train_cfg.update(dict(max_epochs=1) if cfg.train_cfg.get('by_epoch') else dict(max_iters=2))
    if isinstance(
        cfg.param_scheduler, list
    ):  # the parts that begin after the two iterations refuse so short a training
        cfg.param_scheduler = [part for part in cfg.param_scheduler if not part.get('begin')]
    for part in ('val', 'test'):
        cfg.update({f'{part}_{field}': None for field in ('cfg', 'dataloader', 'evaluator')})
    cfg.optim_wrapper.type = 'OptimWrapper'  # the mixed precision of GPUs
    cfg.optim_wrapper.pop('loss_scale', None)
    cfg.default_hooks.update(logger=dict(type='LoggerHook', interval=1))
    cfg.default_hooks.pop('visualization', None)
    path = folder / f'{documented.parent.name}.py'
    path.write_text('\n'.join(f'{key} = {value!r}' for key, value in cfg.to_dict().items()), encoding='utf-8')
    return path


@pytest.fixture(scope='module')
def tools():
    """Return the variables of each ``train.py``: ours, mmseg's and mmpretrain's."""
    hosts = {host: host_configs(host).parent / 'tools/train.py' for host in ('mmseg', 'mmpretrain')}
    # What ours changes in the process would stay so in the tests that follow.
    with mock.patch.object(compat, 'apply'), mock.patch.object(process_interrupt, 'end_when_interrupted'):
        return {name: runpy.run_path(str(path)) for name, path in dict(hosts, ours=TOOLS / 'train.py').items()}


def train_by_ours(tool, arguments):
    with mock.patch.object(sys, 'argv', arguments):
        cfg = tool['configure'](tool['parse_train_arguments'](None))
    runner = tool['launch_and_build'](cfg)
    runner.train()


def train_by_host(tool, arguments):
    with mock.patch.object(sys, 'argv', arguments):
        tool['main']()


@pytest.mark.parametrize('tool', ['ours', 'host'])
@pytest.mark.parametrize('name', CONFIGS)
def test_a_stock_config_trains_two_iterations(name, tool, tools, tmp_path):
    section, narrow = CONFIGS[name]
    host = name.split('/')[0]
    path = write_config(name, BLOCK[section], narrow, tmp_path)
    train = Runner.train
    with (
        DefaultScope.overwrite_default_scope(host),
        mock.patch.object(mmengine_runner, 'collect_env', dict),
        mock.patch.object(Runner, 'train', autospec=True, side_effect=train) as called,
    ):
        arguments = ['train.py', str(path), '--work-dir', str(tmp_path / 'run')]
        if tool == 'ours':
            train_by_ours(tools['ours'], arguments)
        else:
            train_by_host(tools[host], arguments)
    (runner,) = called.call_args.args
    boosted, unswapped = boosted_and_unswapped(runner.model)
    heads = [
        runner.cfg.model[field] for field in ('decode_head', 'auxiliary_head', 'head') if runner.cfg.model.get(field)
    ]
    assert len(boosted) == sum(len(head) if isinstance(head, list) else 1 for head in heads) and not unswapped
    losses, _ = runner.message_hub.get_scalar('train/loss').data
    assert runner.iter == len(losses) == 2 and all(map(math.isfinite, losses))


def test_every_config_of_the_page_is_trained():
    assert {block for block in BLOCK if block[0] == SWAP} <= {section for section, _ in CONFIGS.values()}
    assert len(CONFIGS) == 16 and sum(name.startswith('mmseg') for name in CONFIGS) == 8
