"""Scenes of a segmentation data set: image, ground truth and the predictions of several runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmgb.utils.image_decoding import decode_as_in_training, read_label_map

from .top_labels import spread_evenly


def read_scenes(runs: Mapping[str, Path], data_root: Path, count: int) -> list[dict[str, np.ndarray]]:
    """Read up to ``count`` scenes that every run has predicted, evenly spread over the alphabetical list.

    Args:
        runs (Mapping[str, Path]): name to work directory with the folder ``predictions``.
        data_root (Path): folder with the layout of Pascal VOC.
        count (int): maximum number of scenes, at least 1.

    Returns:
        list[dict[str, np.ndarray]]: one result of :func:`read_scene` per scene.

    Raises:
        FileNotFoundError: if no image has a prediction of every run.
    """
    predicted = [{path.stem for path in (folder / 'predictions').glob('*.png')} for folder in runs.values()]
    names = sorted(set.intersection(*predicted))
    if not names:
        raise FileNotFoundError('no image has a prediction of every run in its folder "predictions"')
    return [
        read_scene(
            data_root / 'JPEGImages' / f'{name}.jpg',
            data_root / 'SegmentationClass' / f'{name}.png',
            {run: folder / 'predictions' / f'{name}.png' for run, folder in runs.items()},
        )
        for name in spread_evenly(np.array(names), count)
    ]


def read_scene(image: Path, truth: Path, predictions: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """Read one scene.

    Returns:
        dict[str, np.ndarray]: title to picture. ``'image'`` is RGB (H, W, 3); ``'truth'`` and the runs' names are label
        maps (H, W).
    """
    scene = {'image': decode_as_in_training(image.read_bytes())[:, :, ::-1], 'truth': read_label_map(truth)}
    scene.update((name, read_label_map(path)) for name, path in predictions.items())
    return scene
