"""``MirroredExpGBLoss``: the loss that the gradient-boosting paper tried first and rejected."""

from __future__ import annotations

from torch import Tensor

from mmgb.functional.losses.mirrored_exp_gb import MirroredExpGB, mirrored_exp_gb_loss
from mmgb.registry import MODELS

from .elementwise_loss import ElementwiseLoss


@MODELS.register_module()
class MirroredExpGBLoss(ElementwiseLoss):
    """Mirrored exp-GB, whose error delta is ``alpha*sgn(x)*exp(|x| - 1) + beta - t``.

    See :mod:`mmgb.functional.losses.mirrored_exp_gb`. The paper states none of the settings.

    Args:
        alpha (float): factor of the exponential, > 0.
        beta (float): offset of the boosted output.
        targets (tuple[float, float]): ``(negative, positive)`` with ``negative < positive``.
        loss_name (str): key in the log, see :class:`WeightedLoss`.
        **options: the arguments of :class:`ElementwiseLoss` and :class:`WeightedLoss`.

    Raises:
        ConfigError: when built, if a setting is outside its range; when called, if a tensor does not fit.
    """

    formula: MirroredExpGB

    def __init__(
        self,
        alpha: float = 0.1,
        beta: float = 0.0,
        targets: tuple[float, float] = (0.0, 16.0),
        loss_name: str = 'loss_mirrored_exp_gb',
        **options,
    ) -> None:
        super().__init__(MirroredExpGB(alpha, beta, targets), loss_name=loss_name, **options)

    def compute(self, cls_score: Tensor, label: Tensor, **options) -> Tensor:
        return mirrored_exp_gb_loss(
            cls_score,
            label,
            alpha=self.formula.alpha,
            beta=self.formula.beta,
            targets=self.formula.targets,
            **self.label_options,
            **options,
        )
