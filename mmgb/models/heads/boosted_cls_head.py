"""mmpretrain's heads, predicting the probabilities of their boosted loss.

The hosts write softmax (for several labels: the sigmoid) into ``predict``. With exp-GB and negative target 0 that is
right for one label. It isn't for pow3-GB wherever scores are averaged or compared with a threshold, nor for the
thresholds of several labels with either loss: for targets {0, 16} and alpha 0.1 a probability of 0.5 lies at ln 80,
not at 0.
"""

from mmpretrain.models.heads import LinearClsHead, MultiLabelLinearClsHead
from mmpretrain.structures import DataSample
from torch import Tensor

from mmgb.registry import MODELS

TINY = 1e-12  # keeps the logarithm of a probability finite


@MODELS.register_module()
class BoostedLinearClsHead(LinearClsHead):
    """``LinearClsHead`` whose ``pred_score`` are the loss's probabilities, scaled to sum 1.

    ``loss`` must be one of mmgb's. The linear outputs stand in the field ``cls_score`` of each sample, for metrics that
    need them.
    """

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample]) -> list[DataSample]:
        # The stock head takes the softmax of what it gets, and softmax(log p) is p, scaled to sum 1.
        log_probabilities = self.loss_module.probabilities(cls_score).clamp(min=TINY).log()
        predictions = super()._get_predictions(log_probabilities, data_samples)
        for sample, score in zip(predictions, cls_score):
            sample.set_field(score, 'cls_score')
        return predictions


@MODELS.register_module()
class BoostedMultiLabelLinearClsHead(MultiLabelLinearClsHead):
    """``MultiLabelLinearClsHead`` whose ``pred_score`` are the loss's probabilities, each class on its own, and whose
    ``thr`` is therefore a probability. ``loss`` must be one of mmgb's."""

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample]) -> list[DataSample]:
        # The stock head takes the sigmoid of what it gets.
        probabilities = self.loss_module.probabilities(cls_score)
        return super()._get_predictions(probabilities.logit(eps=TINY), data_samples)
