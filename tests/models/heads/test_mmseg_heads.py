"""Boosted losses train in the decode and auxiliary heads of every model family of mmsegmentation."""

import importlib.util

import mmseg.models.decode_heads
import pytest
import torch
from helpers.head_tables import refused, trained
from helpers.swapped_losses import (
    BINARY_HEADS,
    BOOSTED,
    TYPES,
    host_configs,
    load_model,
    swap_losses,
    train_one_step,
    types_in,
    without_log,
)
from mmengine.registry import DefaultScope
from mmengine.structures import PixelData
from mmseg.models import losses as host_losses
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmgb.models.losses import ExpGBLoss

CONFIGS = host_configs('mmseg')
TRAINED, REFUSED = trained('mmseg'), refused('mmseg')
ROWS_WITH_LOSS = [  # the losses take turns: each row is built once
    pytest.param(row, TYPES[number % 2], id=f'{row.name}-{TYPES[number % 2]}') for number, row in enumerate(TRAINED)
]
HOST_LOSSES = tuple(
    getattr(host_losses, name) for name in host_losses.__all__ if isinstance(getattr(host_losses, name), type)
)


@pytest.fixture(autouse=True)
def host_scope():
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


def build(file, override, size, settings, replaced=False):
    cfg = load_model(CONFIGS / file, override)
    cfg.data_preprocessor.update(size=(size, size), size_divisor=None)
    for heads in ('decode_head', 'auxiliary_head'):
        swap_losses(cfg.get(heads), settings, replaced)
    model = MODELS.build(cfg)
    without_log(model.init_weights)
    return model


def batch(num_classes, size):
    """Return a batch of two noise images, each with a band of ignored labels."""
    samples = []
    for _ in range(2):
        labels = torch.randint(num_classes, (1, size, size))
        labels[:, : size // 8] = 255
        sample = SegDataSample(gt_sem_seg=PixelData(data=labels), gt_edge_map=PixelData(data=(labels == 0).long()))
        samples.append(sample.new(metainfo=dict(img_shape=(size, size), ori_shape=(size, size))))
    return dict(inputs=list(torch.randint(256, (2, 3, size, size), dtype=torch.uint8)), data_samples=samples)


def heads_of(model):
    for heads in (model.decode_head, getattr(model, 'auxiliary_head', None)):
        if heads is not None:
            yield from heads if isinstance(heads, torch.nn.ModuleList) else [heads]


@pytest.mark.slow
@pytest.mark.parametrize('row, loss', ROWS_WITH_LOSS)
def test_trains_a_step_with_the_loss_swapped_in_every_head(row, loss):
    override = {**row.override, 'decode_head': {**row.override.get('decode_head', {}), **row.head}}
    model = build(row.file, override, row.size, dict(type=loss, **row.loss), row.replaced)
    for head in heads_of(model):
        swapped = any(isinstance(module, BOOSTED) for module in head.modules())
        assert swapped != (type(head).__name__ in BINARY_HEADS)
    kept = [module for module in model.modules() if isinstance(module, HOST_LOSSES)]
    log = train_one_step(model, batch(model.num_classes, row.size), kept)
    assert all(value.isfinite() for value in log.values())


@pytest.mark.parametrize('name', ['DDRNet', 'PIDNet'])
def test_a_loss_called_without_ignore_index_names_the_label_to_ignore(name):
    (row,) = (row for row in TRAINED if row.name == name)
    model = build(row.file, row.override, row.size, dict(type=TYPES[0]))
    with pytest.raises(ValueError, match='label=255: expected a class from 0 to 18 or ignore_index=None'):
        train_one_step(model, batch(model.num_classes, row.size))


def attempt_depth(row):
    """Build mmseg's depth head, which accepts any `loss_decode` and passes depths to it."""
    head = MODELS.build(
        dict(
            type='VPDDepthHead',
            in_channels=[16] * 4,
            embed_dim=4,
            feature_dim=32,
            loss_decode=dict(type='mmgb.ExpGBLoss'),
        )
    )
    depth = torch.full((1, 4, 4), 7.0)
    head.loss_by_feat(torch.rand(1, 1, 4, 4), [SegDataSample(gt_depth_map=PixelData(data=depth))])


def attempt_one_channel(row):
    head = MODELS.build(
        dict(
            type='FCNHead',
            in_channels=8,
            channels=8,
            num_convs=0,
            concat_input=False,
            num_classes=2,
            out_channels=1,
            loss_decode=dict(type='mmgb.ExpGBLoss'),
        )
    )
    head.loss((torch.rand(2, 8, 16, 16),), batch(2, 16)['data_samples'], None)


def attempt_file(row):
    override = dict(text_encoder=dict(dataset_name='voc12')) if row.name == 'SAN' else {}
    model = build(row.file, override, 64, dict(type='mmgb.ExpGBLoss'))
    train_one_step(model, batch(model.num_classes, 64))


ATTEMPTS = {'VPD': attempt_depth, 'One output channel (`out_channels=1`)': attempt_one_channel}


@pytest.mark.parametrize('row', REFUSED, ids=lambda row: row.name)
def test_a_head_that_cannot_train_fails_for_the_documented_reason(row):
    if row.missing and importlib.util.find_spec(row.missing):
        pytest.skip(f'{row.missing} is installed: {row.name} is NOT tested and may train')
    with pytest.raises((AssertionError, ImportError, RuntimeError, TypeError, ValueError), match=row.error):
        ATTEMPTS.get(row.name, attempt_file)(row)


def test_every_model_file_of_the_host_is_in_exactly_one_table():
    files = [row.file for row in TRAINED + REFUSED if row.file.startswith('_base_/')]
    assert sorted(files) == sorted(str(path.relative_to(CONFIGS)) for path in CONFIGS.glob('_base_/models/*.py'))


def test_every_head_of_the_host_is_in_a_table():
    listed = set().union(
        *(types_in(load_model(CONFIGS / row.file)) for row in TRAINED + REFUSED if row.file),
        {'VPDDepthHead'},
    )
    assert listed >= set(mmseg.models.decode_heads.__all__)


def test_hard_pixels_are_selected_by_the_swapped_loss():
    """`OHEMPixelSampler` without a threshold ranks pixels by the loss at each pixel."""
    head = MODELS.build(
        dict(
            type='FCNHead',
            in_channels=8,
            channels=8,
            num_convs=0,
            concat_input=False,
            num_classes=3,
            dropout_ratio=0,
            sampler=dict(type='OHEMPixelSampler', min_kept=10),
            loss_decode=dict(type='mmgb.ExpGBLoss'),
        )
    )
    features, data = torch.rand(2, 8, 16, 16), batch(3, 16)['data_samples']
    labels = torch.stack([sample.gt_sem_seg.data for sample in data]).squeeze(1)
    every = ExpGBLoss(reduction='none', ignore_index=255)(head((features,)), labels)
    loss = head.loss((features,), data, None)['loss_exp_gb']
    torch.testing.assert_close(loss, every.flatten().topk(20).values.sum() / (labels != 255).sum())
