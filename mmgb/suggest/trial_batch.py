"""A batch of made images for one training step of a config on this machine."""

from __future__ import annotations

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.structures import PixelData

from mmgb.apis.config import type_name
from mmgb.recipes.image_size import RESIZED_CROPS
from mmgb.recipes.name import size_in_name
from mmgb.utils.nested_datasets import nested_datasets

CELLS = 4  # of a label map, in each direction
CLASSES = 8  # of which the labels are, at most
NOISE = 40.0  # standard deviation of a pixel
SIDE = 224  # pixels, of images whose size neither the pipeline nor the name says
LARGEST_SEGMENTED_SIDE = 128  # pixels; a segmentor takes any size, and larger images take long on a CPU
SCALES = (*RESIZED_CROPS, 'Resize')  # steps whose `scale` is the size of their images


def trial_side(cfg: Config) -> int:
    """Return the side of made images for a config in pixels: that of its own images, of a segmentor at most 128.

    A pipeline without a size, of images that are stored as arrays, leaves it to the name of the config.
    """
    named = size_in_name(Path(cfg.filename or '').stem)
    side = SIDE if named is None else min(named)
    for _, dataset in nested_datasets((cfg.get('train_dataloader') or {}).get('dataset') or {}, 'dataset'):
        for step in dataset.get('pipeline') or []:
            size = step.get('scale' if type_name(step) in SCALES else 'crop_size')
            if size is not None:
                side = min(size) if isinstance(size, (tuple, list)) else size
    return min(side, LARGEST_SEGMENTED_SIDE) if cfg.get('default_scope') == 'mmseg' else side


def trial_batch(
    host: str,
    side: int,
    images: int,
    generator: torch.Generator,
    several_labels: bool = False,
    channels: int = 3,
    classes: int = CLASSES,
) -> dict:
    """Return images of noise with a colour for each class, and their labels, as a host's dataloader does.

    Args:
        host (str): ``'mmseg'`` for label maps, ``'mmpretrain'`` for labels.
        side (int): height and width of the images in pixels.
        images (int): number of images.
        generator (torch.Generator): source of the images and labels.
        several_labels (bool): whether an image has two labels, the second from 8 to 11. Default: False.
        channels (int): 3, or 1 for images of one colour. Default: 3.
        classes (int): number of classes; at most eight are used. Default: 8.

    Returns:
        dict: ``inputs``, uint8 images (channels, side, side), and ``data_samples``.
    """
    colours = 255 * torch.rand(CLASSES, 3, generator=torch.Generator().manual_seed(0))
    samples, inputs = [], []
    for _ in range(images):
        cells = torch.randint(CLASSES, (CELLS, CELLS) if host == 'mmseg' else (1, 1), generator=generator) % classes
        cell_of_pixel = torch.arange(side) * len(cells) // side
        labels = cells[cell_of_pixel][:, cell_of_pixel]
        noise = NOISE * torch.randn(3, side, side, generator=generator)
        inputs.append((colours[labels].movedim(-1, 0) + noise)[:channels].clamp(0, 255).to(torch.uint8))
        samples.append(_label_map(labels) if host == 'mmseg' else _label(int(cells), several_labels))
    return dict(inputs=inputs, data_samples=samples)


def _label_map(labels: torch.Tensor) -> object:
    from mmseg.structures import SegDataSample

    side = tuple(labels.shape)
    edges = PixelData(data=torch.zeros(1, *side, dtype=torch.long))  # of heads that learn boundaries
    sample = SegDataSample(gt_sem_seg=PixelData(data=labels[None]), gt_edge_map=edges)
    sample.set_metainfo(dict(img_shape=side, ori_shape=side))
    return sample


def _label(label: int, several_labels: bool) -> object:
    from mmpretrain.structures import DataSample

    return DataSample().set_gt_label([label, CLASSES + label % 4] if several_labels else label)
