"""The highest-scoring classes of each image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmgb.functional.errors import ConfigError


def top_labels(scores: np.ndarray, count: int) -> np.ndarray:
    """Return the ``count`` highest-scoring classes of each image, the best first; ties go to the lower class.

    Args:
        scores (np.ndarray): scores of all classes, (N, C).
        count (int): number of classes to return, 1 to C.

    Returns:
        np.ndarray: classes from 0, (N, count).

    Raises:
        ConfigError: if ``count`` is out of range.
    """
    if not 1 <= count <= scores.shape[1]:
        raise ConfigError(f'the top {count} of {scores.shape[1]} classes: expected 1 to {scores.shape[1]}')
    return np.argsort(-scores, axis=1, kind='stable')[:, :count]


def is_correct(top: np.ndarray, labels: Sequence[tuple[int, ...]]) -> np.ndarray:
    """Return for each image whether one of its labels is among its top classes.

    Args:
        top (np.ndarray): top classes, (N, K).
        labels (Sequence[tuple[int, ...]]): labels of the N images.

    Returns:
        np.ndarray: (N,) bool.
    """
    return np.array([bool(set(row.tolist()).intersection(label)) for row, label in zip(top, labels)])


def spread_evenly(positions: np.ndarray, count: int) -> np.ndarray:
    """Return ``count`` evenly spread elements of ``positions``, or all of them if there are no more."""
    return positions[np.linspace(0, len(positions) - 1, min(count, len(positions))).round().astype(int)]
