"""Classification heads of mmpretrain that predict the probabilities of a boosted loss."""

from mmpretrain.models.heads import LinearClsHead, MultiLabelLinearClsHead
from mmpretrain.structures import DataSample
from torch import Tensor

from mmgb.registry import MODELS

from ..probability_logits import sigmoid_logits, softmax_logits


@MODELS.register_module()
class BoostedLinearClsHead(LinearClsHead):
    """``LinearClsHead`` whose ``pred_score`` holds the loss's probabilities, normalized to sum 1.

    ``loss`` must be one of mmgb's. Each predicted sample also holds the linear outputs in the field ``cls_score``, for
    metrics that need them. Arguments are those of mmpretrain's ``LinearClsHead``.
    """

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample]) -> list[DataSample]:
        predictions = super()._get_predictions(softmax_logits(self.loss_module, cls_score), data_samples)
        for sample, score in zip(predictions, cls_score):
            sample.set_field(score, 'cls_score')
        return predictions


@MODELS.register_module()
class BoostedMultiLabelLinearClsHead(MultiLabelLinearClsHead):
    """``MultiLabelLinearClsHead`` whose ``pred_score`` holds the loss's probability of each class.

    The threshold ``thr`` is therefore a probability. ``loss`` must be one of mmgb's. Arguments are those of
    mmpretrain's ``MultiLabelLinearClsHead``.
    """

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample]) -> list[DataSample]:
        return super()._get_predictions(sigmoid_logits(self.loss_module, cls_score), data_samples)
