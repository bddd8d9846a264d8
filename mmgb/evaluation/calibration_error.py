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
    (``BoostedLinearClsHead``). A prediction is the argmax of the linear outputs. Test-time augmentation is refused,
    because a merged prediction has no linear outputs.

    Args:
        loss (dict): config of the loss with which the model was trained, one of mmgb's.
        num_bins (int): number of equal-width bins on [0, 1]. Default: 15.
        ignore_index (int): label of ignored pixels; every label of a classifier counts. Default: 255.
        collect_device, prefix: arguments of mmengine's ``BaseMetric``.

    Raises:
        ConfigError: if ``num_bins`` is below 1 or the loss gives no probabilities; when evaluating, if a data sample
            lacks the linear outputs, or with test-time augmentation.
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
        if not hasattr(self.loss, 'probabilities'):
            raise ConfigError(
                f'loss={type(self.loss).__name__}: expected a loss of mmgb that predicts probabilities, such as '
                'mmgb.ExpGBLoss or mmgb.Pow3GBLoss'
            )
        self.num_bins = num_bins
        self.ignore_index = ignore_index

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        _check_single_views(data_batch)
        for sample in data_samples:
            scores, labels = _outputs_and_labels(sample, self.ignore_index)
            scores = scores.float()
            self.results.append(
                torch.stack(
                    [
                        calibration_histogram(probabilities, labels, self.num_bins, scores.argmax(1)).cpu()
                        for probabilities in (self.loss.probabilities(scores), scores.softmax(1))
                    ]
                )
            )

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        ours, softmax = torch.stack(results).sum(0)
        return dict(ece=100 * expected_calibration_error(ours), ece_softmax=100 * expected_calibration_error(softmax))


def _check_single_views(data_batch: dict | None) -> None:
    """Refuse test-time augmentation: the samples of a merged prediction hold the linear outputs of one view, or none.

    With it, a batch has a list of samples per view instead of one sample per image.
    """
    samples = data_batch.get('data_samples') if isinstance(data_batch, dict) else None
    if samples and isinstance(samples[0], (list, tuple)):
        raise ConfigError(
            f'CalibrationError: expected one view per image, got {len(samples)} views of test-time augmentation, whose '
            'merged prediction has no linear outputs; test without --tta or without this metric'
        )


def _outputs_and_labels(sample: dict, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Return the (N, C) linear outputs and (N,) labels of a data sample: its labelled pixels, or its one image."""
    if 'seg_logits' in sample:
        labels = sample['gt_sem_seg']['data'].flatten()
        valid = labels != ignore_index
        return sample['seg_logits']['data'].flatten(1).T[valid], labels[valid]
    if 'cls_score' in sample:
        return sample['cls_score'].unsqueeze(0), sample['gt_label'].flatten()
    raise ConfigError(
        f'data sample with {sorted(sample)}: expected linear outputs in seg_logits, or in cls_score as '
        'mmgb.BoostedLinearClsHead stores them'
    )
