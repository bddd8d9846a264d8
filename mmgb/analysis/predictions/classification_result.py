"""Scores and labels of a classifier's test result, and the check that several results belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch

from mmgb.functional.errors import ConfigError


class ClassificationResult(NamedTuple):
    """Test result as arrays.

    Attributes:
        images (list[str]): path of each of the N images; without a path, its position in the data set.
        scores (np.ndarray): scores of all classes, (N, C) float32.
        labels (list[tuple[int, ...]] | None): labels of each image, or None for a test set without labels.
    """

    images: list[str]
    scores: np.ndarray
    labels: list[tuple[int, ...]] | None


def classification_result(samples: list[dict], name: str) -> ClassificationResult:
    """Collect the arrays of a test result.

    Args:
        samples (list[dict]): data samples, see :func:`~mmgb.analysis.predictions.result_file.read_samples`.
        name (str): name of the result for error messages.

    Raises:
        ConfigError: if a sample has no ``pred_score``, a different number of classes than the first, a non-finite
            score, or if only some of the samples have labels.
    """
    images: list[str] = []
    scores: list[np.ndarray] = []
    labels: list[tuple[int, ...]] = []
    for index, sample in enumerate(samples):
        image = image_name(sample, index)
        if not isinstance(sample.get('pred_score'), torch.Tensor):
            raise ConfigError(
                f"'{name}': image '{image}': expected a pred_score, got only {', '.join(map(str, sample))}"
            )
        scores.append(sample['pred_score'].detach().float().numpy())
        if scores[-1].shape != scores[0].shape or not np.isfinite(scores[-1]).all():
            raise ConfigError(
                f"'{name}': image '{image}': expected a pred_score of shape {scores[0].shape} with finite values, got "
                f'shape {scores[-1].shape} with {np.isfinite(scores[-1]).sum()} finite values'
            )
        if ('gt_label' in sample) != ('gt_label' in samples[0]):
            raise ConfigError(f"'{name}': only one of the images '{images[0]}' and '{image}' has a gt_label")
        images.append(image)
        if 'gt_label' in sample:
            labels.append(tuple(torch.as_tensor(sample['gt_label']).flatten().tolist()))
    return ClassificationResult(images, np.stack(scores), labels or None)


def image_name(sample: Mapping, index: int) -> str:
    """Return the path of a sample's image, or ``'sample INDEX'`` if it has none."""
    return str(sample.get('img_path') or f'sample {sample.get("sample_idx", index)}')


def check_same_images(results: Mapping[str, ClassificationResult]) -> None:
    """Check that all results are of the same images, labels and classes as the first.

    Args:
        results (Mapping[str, ClassificationResult]): name to result.

    Raises:
        ConfigError: with both names and the first difference.
    """
    (first, expected), *others = results.items()
    for name, result in others:
        for kind, ours, theirs in (
            ('images', len(expected.images), len(result.images)),
            ('classes', expected.scores.shape[1:], result.scores.shape[1:]),
        ):
            if ours != theirs:
                raise ConfigError(f"'{first}' and '{name}' have different {kind}: {ours} and {theirs}")
        for kind, ours, theirs in (
            ('images', expected.images, result.images),
            ('labels', expected.labels, result.labels),
        ):
            if ours != theirs:
                raise ConfigError(f"'{first}' and '{name}' have different {kind}: {_first_difference(ours, theirs)}")


def _first_difference(ours: list | None, theirs: list | None) -> str:
    """Describe where two different lists of the same length differ first; None is a list that is missing."""
    if ours is None or theirs is None:
        return 'only one of them has labels'
    index = next(index for index, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1])
    return f'number {index} (from 0) is {ours[index]} and {theirs[index]}'
