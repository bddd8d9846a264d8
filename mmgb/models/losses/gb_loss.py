"""``ExpGBLoss`` and ``Pow3GBLoss``: boosted error gradients, as every head of mmseg and mmpretrain calls a loss."""

from __future__ import annotations

from mmgb.functional.losses.formula import ExpGB, Pow3GB
from mmgb.functional.losses.gb_loss import check_exp_gb, check_pow3_gb
from mmgb.registry import MODELS

from .elementwise_loss import ElementwiseLoss


@MODELS.register_module()
class ExpGBLoss(ElementwiseLoss):
    """Exponential gradient boosting: the error delta is ``alpha*exp(x) - t`` (:mod:`mmgb.functional.losses.formula`).

    Args:
        alpha: > 0. The paper uses 0.1, on ImageNet 0.01.
        targets: ``(negative, positive)``, ``0 <= negative < positive``. The paper uses {0, 16}, {0, 6}, {0, 10}.
        max_delta: bound of the error delta's magnitude, > 0; ``None``: no bound.
        reduction, class_weight, ignore_index, avg_non_ignore, loss_weight, loss_name: see :class:`WeightedLoss`.
        target_kind, fused: see :class:`ElementwiseLoss`.

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(
        self,
        alpha: float = 0.1,
        targets: tuple[float, float] = (0.0, 16.0),
        max_delta: float | None = None,
        loss_name: str = 'loss_exp_gb',
        fused: bool = True,
        **options,
    ) -> None:
        targets = check_exp_gb(alpha, targets, max_delta)
        super().__init__(ExpGB(alpha, max_delta), targets, loss_name=loss_name, fused=fused, **options)


@MODELS.register_module()
class Pow3GBLoss(ElementwiseLoss):
    """Cubic gradient boosting: the error delta is ``alpha*x**3 + beta - t`` (:mod:`mmgb.functional.losses.formula`).

    Args:
        alpha: > 0. The paper uses 0.001.
        beta: finite. The paper uses 0.4.
        targets: ``(negative, positive)``, ``negative < positive``. The paper uses {0, 10} and {-2, 10}.
        max_delta: bound of the error delta's magnitude, > 0; ``None``: no bound.
        reduction, class_weight, ignore_index, avg_non_ignore, loss_weight, loss_name: see :class:`WeightedLoss`.
        target_kind, fused: see :class:`ElementwiseLoss`.

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(
        self,
        alpha: float = 0.001,
        beta: float = 0.4,
        targets: tuple[float, float] = (0.0, 10.0),
        max_delta: float | None = None,
        loss_name: str = 'loss_pow3_gb',
        fused: bool = True,
        **options,
    ) -> None:
        targets = check_pow3_gb(alpha, beta, targets, max_delta)
        super().__init__(Pow3GB(alpha, beta, max_delta), targets, loss_name=loss_name, fused=fused, **options)
