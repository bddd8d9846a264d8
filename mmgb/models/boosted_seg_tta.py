"""Test-time augmentation of segmentation with the probabilities of a boosted loss."""

from __future__ import annotations

from functools import reduce

import torch
from mmengine.structures import PixelData
from mmseg.models.segmentors import SegTTAModel
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from .ordered_probabilities import BoostedLoss, boosted_loss, losses_of, normalized_probabilities, predicting_head


@MODELS.register_module()
class BoostedSegTTAModel(SegTTAModel):
    """``SegTTAModel`` that averages the loss's probabilities over the augmented views instead of softmax.

    Both averages are equal for exp-GB with negative target 0, as long as no score exceeds its fit, where the loss's
    probability is 1; for pow3-GB they differ. The loss is the one of the decode head, of the last decode head of a
    cascade, or the first of mmgb's in a list of losses.

    Arguments are those of mmseg's ``SegTTAModel``.

    Raises:
        ConfigError: when built, if that decode head has none of mmgb's losses or a single output channel.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        _boosted_loss(self.module)

    def merge_preds(self, data_samples_list: list[list[SegDataSample]]) -> list[SegDataSample]:
        """Merge the predictions of each image's views.

        Args:
            data_samples_list: one list per image, with one sample per view that holds ``seg_logits`` (C, H, W).

        Returns:
            One sample per image with the merged ``pred_sem_seg``, without the ``seg_logits`` of a single view.
        """
        loss = _boosted_loss(self.module)
        return [_merge(loss, views) for views in data_samples_list]


def _merge(loss: BoostedLoss, views: list[SegDataSample]) -> SegDataSample:
    merged = views[-1]  # as in mmseg
    predicted = _prediction(loss, [view.seg_logits.data for view in views])
    del merged.seg_logits
    merged.set_data(dict(pred_sem_seg=PixelData(data=predicted)))
    if 'gt_sem_seg' in views[0]:
        merged.set_data(dict(gt_sem_seg=views[0].gt_sem_seg))
    merged.set_metainfo(dict(img_path=views[0].img_path))
    return merged


def _prediction(loss: BoostedLoss, views: list[Tensor]) -> Tensor:
    """Return the class (H, W) of the highest average probability; among equal ones, that of the highest score."""
    probabilities = sum(normalized_probabilities(loss, view.unsqueeze(0)).squeeze(0) for view in views)
    highest = reduce(torch.maximum, views)  # not a sum, whose rounding could make scores equal
    return highest.masked_fill(probabilities < probabilities.amax(0), -torch.inf).argmax(0)


def _boosted_loss(module: nn.Module) -> BoostedLoss:
    """Return the loss that the model's predictions were trained with."""
    head = predicting_head(module)
    if getattr(head, 'out_channels', None) == 1:
        raise ConfigError('module.decode_head.out_channels=1: expected one output channel per class; use SegTTAModel')
    loss = boosted_loss(head)
    if loss is None:
        names = ', '.join(type(loss).__name__ for loss in losses_of(head)) or 'none'
        raise ConfigError(
            f'module.decode_head.loss_decode={names}: expected a loss of mmgb with probabilities; use SegTTAModel'
        )
    return loss
