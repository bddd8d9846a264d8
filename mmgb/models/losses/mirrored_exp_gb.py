"""``MirroredExpGBLoss``: what the gradient-boosting paper tried first, and found wanting."""

from mmgb.functional.losses.gb_loss import check_pow3_gb
from mmgb.functional.losses.mirrored_exp_gb import MirroredExpGB
from mmgb.registry import MODELS

from .elementwise_loss import ElementwiseLoss


@MODELS.register_module()
class MirroredExpGBLoss(ElementwiseLoss):
    """The error delta is ``alpha*sgn(x)*exp(|x| - 1) + beta - t`` (:mod:`mmgb.functional.losses.mirrored_exp_gb`).

    Args:
        alpha: > 0. beta: finite. targets: ``(negative, positive)``. The paper gives none of them.
        loss_name, **options: see :class:`ElementwiseLoss` and :class:`WeightedLoss`.

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(
        self,
        alpha: float = 0.1,
        beta: float = 0.0,
        targets: tuple[float, float] = (0.0, 16.0),
        loss_name: str = 'loss_mirrored_exp_gb',
        **options,
    ) -> None:
        super().__init__(
            MirroredExpGB(alpha, beta), check_pow3_gb(alpha, beta, targets, None), loss_name=loss_name, **options
        )
