"""Ensembles of classifiers: the mean of their scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from mmgb.functional.errors import ConfigError

MEANS = ('arithmetic', 'geometric')
KEPT = ('sample_idx', 'img_path', 'ori_shape', 'num_classes', 'gt_label', 'gt_score')  # independent of the network


def mean_scores(scores: Sequence[np.ndarray], mean: str = 'arithmetic') -> np.ndarray:
    """Average the scores of several networks.

    The geometric mean orders the classes as the product of the scores does. The authors of the Relay paper took part in
    the Places2 challenge of 2015 with both: "fusion with product strategy" had an error of 16.87 %, "average strategy"
    16.89 % (places2.csail.mit.edu/results2015.html).

    Args:
        scores (Sequence[np.ndarray]): scores of each network, (N, C). The geometric mean expects probabilities.
        mean (str): ``'arithmetic'`` or ``'geometric'``. In a geometric mean a class that any network gives 0 gets 0.
            Default: ``'arithmetic'``.

    Returns:
        np.ndarray: averaged scores, (N, C) float32.

    Raises:
        ConfigError: if ``mean`` is unknown, or if a score is negative in a geometric mean.
    """
    if mean not in MEANS:
        raise ConfigError(f"mean={mean!r}: expected 'arithmetic' or 'geometric'")
    stacked = np.stack(scores).astype(np.float64)
    if mean == 'arithmetic':
        return stacked.mean(0).astype(np.float32)
    if stacked.min() < 0:
        raise ConfigError(f"mean='geometric': expected scores of at least 0, got {stacked.min():g}")
    with np.errstate(divide='ignore'):
        return np.exp(np.log(stacked).mean(0)).astype(np.float32)


def with_scores(samples: Sequence[dict], scores: np.ndarray) -> list[dict]:
    """Return copies of the data samples with other predictions.

    Args:
        samples (Sequence[dict]): N data samples; of these only fields that don't depend on the network are kept.
        scores (np.ndarray): new scores, (N, C).

    Returns:
        list[dict]: samples with ``pred_score``, and with its argmax as ``pred_label`` unless the networks predict
            several labels, by a threshold that the samples don't hold.
    """
    one_label = all(len(sample['pred_label']) == 1 for sample in samples if 'pred_label' in sample)
    changed = []
    for sample, row in zip(samples, scores):
        score = torch.tensor(row)  # copied, because a pickled view would store the scores of all images
        kept = {key: sample[key] for key in KEPT if key in sample}
        label = dict(pred_label=score.argmax(0, keepdim=True)) if one_label else {}
        changed.append({**kept, 'pred_score': score, **label})
    return changed
