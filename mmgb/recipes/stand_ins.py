"""Stand-ins for what a config needs and this machine lacks: its training images, and pretrained weights.

Nothing is downloaded. Pretrained weights that are no file here are left out, so that training starts from random ones.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from mmgb.apis.config import type_name
from mmgb.apis.dataloaders import check_data_roots, downloads
from mmgb.datasets.made_images import MadeImages
from mmgb.functional.errors import ConfigError
from mmgb.utils.nested_datasets import innermost_configs

from .name import RecipeName

# Parts of mmseg's AssertionError about a list, and of mmpretrain's RuntimeError about files that it can download.
MISSING = ('Failed to load `ann_file`', 'Cannot find')
LOADING = ('LoadImageFromFile', 'LoadAnnotations')
MARGIN = 8 / 7  # shorter side of a made photograph, relative to the side of the training images
ASPECT = 4 / 3  # its width, relative to its height
MULTIPLE = 32  # of which its sides are multiples, as some networks need without a crop
DEFAULT_SIDE = 224
SAMPLED = 1000  # made images whose mean and covariance replace missing input statistics


def find_missing_data(cfg: Config) -> str | None:
    """Return which part of the training data is missing here, or None if the first sample can be read."""
    try:
        check_data_roots(cfg, ('train_dataloader',))
    except ConfigError as error:
        return str(error).partition(' (looked in')[0]
    scope, dataset = cfg.get('default_scope', 'mmengine'), copy.deepcopy(cfg.train_dataloader.dataset)
    for part in innermost_configs(dataset):
        if downloads(part, scope):
            part['download'] = False
    try:
        with DefaultScope.overwrite_default_scope(scope):
            DATASETS.build(dataset)[0]
    except (FileNotFoundError, AssertionError, RuntimeError) as error:
        if isinstance(error, FileNotFoundError) or any(part in str(error) for part in MISSING):
            return ' '.join(str(error).split())
    return None  # another error is reported when the runner is built


def make_data(cfg: Config, name: RecipeName, folder: Path) -> None:
    """Replace every innermost training data set of ``cfg`` by made images that go through its own pipeline, in place.

    Missing input statistics (a mean image, or mean and covariance) are computed from made images.

    Args:
        cfg (Config): config to change.
        name (RecipeName): size and number of the images.
        folder (Path): folder for files of input statistics.

    Raises:
        ConfigError: if no part of the model names its number of classes.
    """
    num_classes = max(numbers_of_classes(cfg.get('model')), default=0)
    if not num_classes:
        raise ConfigError('model: expected a num_classes in some part of it, for the labels of made images')
    for dataset in innermost_configs(cfg.train_dataloader.dataset):
        made = _made_images(dataset.get('pipeline', []), num_classes, name, channels_of(cfg))
        dataset.clear()
        dataset.update(made)
        for step in dataset['pipeline']:
            replace_missing_statistics(step, made, name, folder)


def drop_missing_weights(node: object) -> list[str]:
    """Remove pretrained weights that are not a file here from nested dicts and lists of a config, in place.

    Returns:
        list[str]: names of the removed weights.
    """
    dropped = []
    if isinstance(node, dict):
        initializers = node.get('init_cfg')
        for each in initializers if isinstance(initializers, (list, tuple)) else [initializers]:
            if isinstance(each, dict) and each.get('type') == 'Pretrained' and not Path(each['checkpoint']).is_file():
                dropped.append(each['checkpoint'])
                node['init_cfg'] = None
        if isinstance(node.get('pretrained'), str) and not Path(node['pretrained']).is_file():
            dropped.append(node['pretrained'])
            node['pretrained'] = None
        node = list(node.values())
    for child in node if isinstance(node, (list, tuple)) else ():
        dropped += drop_missing_weights(child)
    return dropped


def drop_missing_checkpoint(cfg: Config) -> list[str]:
    """Remove a ``load_from`` that is not a file here from a config, in place, and return it in a list."""
    path = cfg.get('load_from')
    if not path or Path(path).is_file():
        return []
    cfg.load_from = None
    return [path]


def replace_missing_statistics(step: dict, made: dict, name: RecipeName, folder: Path) -> None:
    """Let a transform that reads missing input statistics read those of made images, in place.

    Args:
        step (dict): config of a transform.
        made (dict): config of the made images.
        name (RecipeName): size of a mean image.
        folder (Path): folder for the file.
    """
    key = {'SubtractMeanImage': 'mean_image', 'WhitenInputs': 'statistics'}.get(type_name(step))
    if key is None or Path(step[key]).is_file():
        return
    images = MadeImages(**dict({k: v for k, v in made.items() if k != 'type'}, pipeline=[]))
    pixels = np.stack([images[index]['img'] for index in range(SAMPLED if key == 'statistics' else SAMPLED // 10)])
    path = folder / ('statistics.npz' if key == 'statistics' else 'mean_image.npy')
    if key == 'statistics':
        flat = pixels.reshape(len(pixels), -1).astype(np.float64)
        np.savez(path, mean=flat.mean(axis=0), covariance=np.cov(flat, rowvar=False))
    else:
        mean = pixels.mean(axis=(0, 1, 2), dtype=np.float32)
        np.save(path, np.broadcast_to(mean, (name.side, name.side, len(mean))))
    step[key] = str(path)


def _made_images(pipeline: list, num_classes: int, name: RecipeName, channels: int) -> dict:
    """Return the config of made images that replace a data set with this pipeline."""
    loading = [step for step in pipeline if type_name(step) in LOADING]
    side = name.side or DEFAULT_SIDE
    if loading:  # photographs, larger than the crop
        size = tuple(MULTIPLE * math.ceil(length / MULTIPLE) for length in (MARGIN * side, MARGIN * ASPECT * side))
    else:  # arrays of the final size
        size = (side, name.width or side)
    return dict(
        type='mmgb.MadeImages',
        num_classes=num_classes,
        size=size,
        length=name.length,
        pipeline=[step for step in pipeline if type_name(step) not in LOADING],
        segmentation=any(type_name(step) == 'PackSegInputs' for step in pipeline),
        channels=1 if any(step.get('color_type') == 'grayscale' for step in loading) else channels,
        channel_order='bgr' if loading else 'rgb',
        to_float32=any(step.get('to_float32', False) for step in loading),
    )


def numbers_of_classes(node: object) -> Iterator[int]:
    """Yield every ``num_classes`` in nested dicts and lists of a config."""
    if isinstance(node, dict):
        if isinstance(node.get('num_classes'), int):
            yield node['num_classes']
        node = list(node.values())
    for child in node if isinstance(node, (list, tuple)) else ():
        yield from numbers_of_classes(child)


def channels_of(cfg: Config) -> int:
    """Return the number of channels for which the data preprocessor has a mean; 3 if it has none."""
    for part in (cfg.model.get('data_preprocessor'), cfg.get('data_preprocessor')):
        if part and part.get('mean') is not None:
            return len(part['mean'])
    return 3
