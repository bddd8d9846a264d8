"""The best classes of each image, and the files in which challenges want them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np

from mmgb.functional.errors import ConfigError

FORMATS = ('ilsvrc', 'places', 'names')


def top_labels(scores: np.ndarray, count: int) -> np.ndarray:
    """(N, ``count``) classes of scores (N, C), the best first; of equal ones the lower class.

    Raises:
        ValueError: for more classes than there are.
    """
    if not 1 <= count <= scores.shape[1]:
        raise ConfigError(f'the top {count} of {scores.shape[1]} classes: expected 1 to {scores.shape[1]}')
    return np.argsort(-scores, axis=1, kind='stable')[:, :count]


def is_right(top: np.ndarray, labels: Sequence[tuple[int, ...]]) -> np.ndarray:
    """(N,) whether one of an image's labels is among its top classes, (N, K)."""
    return np.array([bool(set(row.tolist()).intersection(label)) for row, label in zip(top, labels)])


def submission_lines(
    images: Sequence[str],
    top: np.ndarray,
    style: str,
    class_names: Sequence[str] | None = None,
    label_ids: Sequence[int] | None = None,
) -> list[str]:
    """One line an image, in the alphabetical order of the file names, its classes sorted by confidence.

    Args:
        images: the N images' paths; a line has the file's name alone.
        top: (N, K) classes from 0, at most five in both challenges.
        style: 'ilsvrc': the labels alone, from 1 (readme of the ILSVRC 2012 development kit, "Submission
            format"). 'places': file name and labels, from 0 (README of the
            Places365 development kit, github.com/zhoubolei/places_devkit). 'names': file name and names of the
            classes, separated by tabs, to be read by people.
        class_names: of all classes, for 'names'.
        label_ids: the number that a file has for each class, instead of its own index. ImageNet's needs them: the
            ILSVRC2012_ID of a synset is not its place in the alphabetical order, which OpenMMLab's labels follow.
    """
    lines = []
    for index in sorted(range(len(images)), key=lambda index: PurePath(images[index]).name):
        name, classes = PurePath(images[index]).name, top[index].tolist()
        if style == 'names':
            lines.append('\t'.join([name, *(class_names[label] for label in classes)]))
            continue
        first = 1 if style == 'ilsvrc' else 0
        labels = [str(label + first if label_ids is None else label_ids[label]) for label in classes]
        lines.append(' '.join(labels if style == 'ilsvrc' else [name, *labels]))
    return lines
