"""Files of top-5 predictions in the formats of the ImageNet and Places challenges."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np

from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import one_line

FORMATS = ('ilsvrc', 'places', 'names')


def submission_lines(
    images: Sequence[str],
    top: np.ndarray,
    style: str,
    class_names: Sequence[str] | None = None,
    label_ids: Sequence[int] | None = None,
) -> list[str]:
    """Return one line per image in the alphabetical order of the file names, its classes by descending score.

    Args:
        images (Sequence[str]): paths of the N images; only the file name is written.
        top (np.ndarray): top classes from 0, (N, K). Both challenges accept at most five.
        style (str): format of a line.

            - ``'ilsvrc'``: labels from 1 (readme of the ILSVRC 2012 development kit, "Submission format").
            - ``'places'``: file name and labels from 0 (README of the Places365 development kit,
              github.com/zhoubolei/places_devkit).
            - ``'names'``: file name and class names, separated by tabs, for people.
        class_names (Sequence[str] | None): names of all classes; required for ``'names'``.
        label_ids (Sequence[int] | None): number to write for each class instead of its index. ImageNet needs it: the
            ILSVRC2012_ID of a synset isn't its alphabetical index, which OpenMMLab uses as label.
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


def read_label_ids(path: Path, num_classes: int) -> list[int]:
    """Return the number of each class from a text file with one integer per line, for ``--label-ids``.

    Raises:
        ConfigError: if the file can't be read, or doesn't have one distinct number for each class.
    """
    try:
        ids = [int(line) for line in path.read_text(encoding='utf-8').split()]
    except (OSError, ValueError) as error:
        raise ConfigError(f"--label-ids='{path}': expected one integer per line: {one_line(error)}") from error
    if len(ids) != num_classes or len(set(ids)) != num_classes:
        raise ConfigError(
            f"--label-ids='{path}': expected {num_classes} distinct numbers, one per class, got {len(ids)} numbers of "
            f'which {len(set(ids))} are distinct'
        )
    return ids
