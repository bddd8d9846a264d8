"""Classification heads of mmpretrain that predict the probabilities of a boosted loss."""

from __future__ import annotations

from mmpretrain.models.heads import LinearClsHead, MultiLabelLinearClsHead
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from ..ordered_probabilities import boosted_loss, ordered_class_probabilities, ordered_label_probabilities


def check_predicts(head: nn.Module) -> None:
    """Raise a ConfigError if the loss of a head gives no probabilities."""
    if boosted_loss(head) is None:
        raise ConfigError(
            f'loss={type(head.loss_module).__name__} of {type(head).__name__}: expected a loss of mmgb that predicts '
            "probabilities, such as mmgb.ExpGBLoss or mmgb.Pow3GBLoss; mmpretrain's own head is for other losses"
        )


@MODELS.register_module()
class BoostedLinearClsHead(LinearClsHead):
    """``LinearClsHead`` whose ``pred_score`` holds the loss's probabilities, normalized to sum 1.

    The predicted class is the argmax of the linear outputs. ``pred_score`` has their strict order, so top-k metrics
    rank as the outputs do, although the loss clamps its probabilities. Each predicted sample also holds the linear
    outputs in the field ``cls_score``, for metrics that need them. ``loss`` must be one of mmgb's with probabilities.
    Arguments are those of mmpretrain's ``LinearClsHead``.

    Raises:
        ConfigError: if the loss, or the default of the host's head, gives no probabilities.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        check_predicts(self)

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample] | None) -> list[DataSample]:
        predictions = super()._get_predictions(cls_score, data_samples)
        probabilities = ordered_class_probabilities(self.loss_module, cls_score)
        labels = cls_score.argmax(1, keepdim=True)
        for sample, probability, label, score in zip(predictions, probabilities, labels, cls_score):
            sample.set_pred_score(probability).set_pred_label(label).set_field(score, 'cls_score')
        return predictions


@MODELS.register_module()
class BoostedMultiLabelLinearClsHead(MultiLabelLinearClsHead):
    """``MultiLabelLinearClsHead`` whose ``pred_score`` holds the loss's probability of each class.

    The threshold ``thr`` is therefore a probability, and ``topk`` predicts the classes of the highest linear outputs.
    ``pred_score`` has the strict order of the outputs of an image. ``loss`` must be one of mmgb's with probabilities;
    it is called with ``target_kind='multi_label'``, so that ``class_weight`` multiplies the classes' terms. Arguments
    are those of mmpretrain's ``MultiLabelLinearClsHead``.

    Raises:
        ConfigError: if the loss, or the default of the host's head, gives no probabilities.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        check_predicts(self)
        if getattr(self.loss_module, 'target_kind', None) == 'class':
            self.loss_module.target_kind = 'multi_label'

    def _get_predictions(self, cls_score: Tensor, data_samples: list[DataSample] | None) -> list[DataSample]:
        predictions = super()._get_predictions(cls_score, data_samples)
        probabilities = ordered_label_probabilities(self.loss_module, cls_score)
        if self.thr is None:
            labels = list(cls_score.topk(self.topk).indices)
        else:
            labels = [row.nonzero().flatten() for row in self.loss_module.probabilities(cls_score) >= self.thr]
        for sample, probability, label in zip(predictions, probabilities, labels):
            sample.set_pred_score(probability).set_pred_label(label)
        return predictions
