"""``SquentropyLoss``: a newer loss as a baseline for the boosted ones."""

from __future__ import annotations

from torch import Tensor

from mmgb.functional.losses.squentropy import squentropy_loss
from mmgb.registry import MODELS

from .weighted_loss import WeightedLoss


@MODELS.register_module()
class SquentropyLoss(WeightedLoss):
    """Cross-entropy plus the mean square of the wrong classes' scores (:mod:`mmgb.functional.losses.squentropy`).

    The hosts' heads predict with softmax, which is right for this loss, so it needs no head of mmgb.

    Args:
        loss_name (str): key in the log, see :class:`WeightedLoss`.
        **options: the arguments of :class:`WeightedLoss`.

    Raises:
        ConfigError: when built, if a setting is outside its range; when called, if a tensor does not fit.
    """

    def __init__(self, loss_name: str = 'loss_squentropy', **options) -> None:
        super().__init__(loss_name=loss_name, **options)

    def compute(self, cls_score: Tensor, label: Tensor, **options) -> Tensor:
        return squentropy_loss(cls_score, label, **options)
