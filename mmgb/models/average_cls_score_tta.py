"""Test-time augmentation of classification whose predicted labels are those of the averaged scores."""

from __future__ import annotations

import torch
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.models.tta import AverageClsScoreTTA as HostAverageClsScoreTTA
from mmpretrain.structures import DataSample

from mmgb.registry import MODELS


@MODELS.register_module()
class AverageClsScoreTTA(HostAverageClsScoreTTA):
    """mmpretrain's ``AverageClsScoreTTA`` with ``pred_label`` of the averaged scores.

    mmpretrain's own keeps the label and the linear outputs of the first view beside the averaged scores. Here the label
    follows from the scores by the rule of the model's head, and the linear outputs, of which there is no average, are
    left out.
    """

    def _merge_single_sample(self, data_samples: list[DataSample]) -> DataSample:
        merged = super()._merge_single_sample(data_samples)
        head, score = self.module.head, merged.pred_score
        if not isinstance(head, MultiLabelClsHead):
            label = score.argmax(0, keepdim=True)
        elif head.thr is not None:
            label = torch.where(score >= head.thr)[0]
        else:
            label = score.topk(head.topk).indices
        merged.pop('cls_score', None)
        return merged.set_pred_label(label)
