"""Train a config on images of another size."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import Config

from mmgb.apis.config import type_name
from mmgb.utils.nested_datasets import nested_datasets

MARGIN = 8  # pixels by which the shorter side of an image exceeds its crop
CROPS = ('RandomCrop', 'CenterCrop', 'EfficientNetCenterCrop')  # to `crop_size`
RESIZED_CROPS = ('RandomResizedCrop', 'EfficientNetRandomCrop')  # to `scale`


def resize_pipeline(steps: Sequence[dict], side: int) -> None:
    """Make the steps of a pipeline produce images of ``side`` x ``side`` pixels, in place."""
    for step in steps:
        kind = type_name(step)
        if kind == 'ResizeEdge':
            step['scale'] = side + MARGIN
        elif kind in CROPS:
            step['crop_size'] = (side, side) if isinstance(step['crop_size'], (tuple, list)) else side
        elif kind in RESIZED_CROPS:
            step['scale'] = side
        elif kind in ('Resize', 'RandomResize'):
            step['scale'] = (side, side)


def set_image_size(cfg: Config, side: int, fields: Sequence[str] = ('train_dataloader',)) -> None:
    """Make the pipelines of the dataloaders ``fields``, and mmseg's padding, produce images of one size, in place.

    Args:
        cfg (Config): config to change.
        side (int): side of the images in pixels.
        fields (Sequence[str]): dataloaders. Default: that of the training.
    """
    for field in fields:
        for _, dataset in nested_datasets(cfg[field].dataset, field):
            resize_pipeline(dataset.get('pipeline', []), side)
    for model in (cfg.model, cfg.model.get('model', {})):  # a relay wraps the model
        if 'size' in (model.get('data_preprocessor') or {}):
            model['data_preprocessor']['size'] = (side, side)
