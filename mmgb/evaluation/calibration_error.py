"""How well the probabilities of a loss are calibrated, beside the hosts' softmax, as an evaluator metric."""

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
    """Expected calibration error in percent: ``ece`` of the loss's probabilities, ``ece_softmax`` of the softmax.

    For mmseg any model; for mmpretrain one whose head keeps the linear outputs in the field ``cls_score``
    (``BoostedLinearClsHead``).

    Args:
        loss: config of the loss that the model was trained with, one of mmgb's.
        num_bins: of the confidences 0 to 1.
        ignore_index: label of the pixels that don't count.
        collect_device, prefix: see ``BaseMetric``.

    Raises:
        ValueError: when built, for a number of bins below 1; when evaluating, if the outputs aren't there.
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
    """(N, C) linear outputs and (N) labels of a host's data sample as a dict: its pixels, or the one image."""
    if 'seg_logits' in sample:
        return sample['seg_logits']['data'].flatten(1).T, sample['gt_sem_seg']['data'].flatten()
    if 'cls_score' in sample:
        return sample['cls_score'].unsqueeze(0), sample['gt_label'].flatten()
    raise ConfigError(
        'CalibrationError needs the linear outputs: seg_logits, or the cls_score that '
        f'mmgb.BoostedLinearClsHead keeps; the data sample has {sorted(sample)}'
    )
