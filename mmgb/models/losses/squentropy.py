"""``SquentropyLoss``: a newer loss to compare the boosted ones with."""

from torch import Tensor

from mmgb.functional.losses.squentropy import squentropy_loss
from mmgb.registry import MODELS

from .weighted_loss import WeightedLoss


@MODELS.register_module()
class SquentropyLoss(WeightedLoss):
    """Cross-entropy plus the mean square of the wrong classes' scores (:mod:`mmgb.functional.losses.squentropy`).

    The softmax that the hosts' heads predict with is the right one for it: no head of mmgb is needed.

    Args:
        loss_name, **options: see :class:`WeightedLoss`.

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(self, loss_name: str = 'loss_squentropy', **options) -> None:
        super().__init__(loss_name=loss_name, **options)

    def compute(self, cls_score: Tensor, label: Tensor, **options) -> Tensor:
        return squentropy_loss(cls_score, label, **options)
