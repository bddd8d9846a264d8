"""Evaluator metric: calibration error of a loss's probabilities, next to that of the hosts' softmax."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mmgb.functional.calibration import calibration_histogram, expected_calibration_error
from mmgb.functional.errors import ConfigError
from mmgb.registry import METRICS, MODELS


@METRICS.register_module()
class CalibrationError(BaseMetric):
    """Expected calibration error in percent.

    Reports ``ece`` of the probabilities that belong to the loss and ``ece_softmax`` of the softmax. Works with any
    model of mmseg, and in mmpretrain with heads that store the linear outputs in the field ``cls_score``
    (``BoostedLinearClsHead``).

    Args:
        loss (dict): config of the loss with which the model was trained, one of mmgb's.
        num_bins (int): number of equal-width bins on [0, 1]. Default: 15.
        ignore_index (int): label of ignored pixels. Default: 255.
        collect_device, prefix: arguments of mmengine's ``BaseMetric``.

    Raises:
        ValueError: if ``num_bins`` is below 1; when evaluating, if a data sample lacks the linear outputs.
    """

    default_prefix = 'calibration'

    def __init__(
        self,
        loss: dict,
        num_bins: int = 15,
        ignore_index: int = 255,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        if num_bins < 1:
            raise ConfigError(f'num_bins={num_bins}: expected at least 1')
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.loss = MODELS.build(loss)
        self.num_bins = num_bins
        self.ignore_index = ignore_index

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        for sample in data_samples:
            scores, labels = _outputs_and_labels(sample)
            valid = labels != self.ignore_index
            scores, labels = scores[valid].float(), labels[valid]
            self.results.append(
                torch.stack(
                    [
                        calibration_histogram(probabilities, labels, self.num_bins).cpu()
                        for probabilities in (self.loss.probabilities(scores), scores.softmax(1))
                    ]
                )
            )

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        ours, softmax = torch.stack(results).sum(0)
        return dict(ece=100 * expected_calibration_error(ours), ece_softmax=100 * expected_calibration_error(softmax))


def _outputs_and_labels(sample: dict) -> tuple[Tensor, Tensor]:
    """Return the (N, C) linear outputs and (N,) labels of a data sample: its pixels, or its one image."""
    if 'seg_logits' in sample:
        return sample['seg_logits']['data'].flatten(1).T, sample['gt_sem_seg']['data'].flatten()
    if 'cls_score' in sample:
        return sample['cls_score'].unsqueeze(0), sample['gt_label'].flatten()
    raise ConfigError(
        f'data sample with {sorted(sample)}: expected linear outputs in seg_logits, or in cls_score as '
        'mmgb.BoostedLinearClsHead stores them'
    )
