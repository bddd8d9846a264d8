"""``ExpGBLoss``: exponential gradient boosting as a registered loss."""

from __future__ import annotations

from torch import Tensor

from mmgb.functional.losses.exp_gb import ExpGB, exp_gb_loss
from mmgb.registry import MODELS

from .elementwise_loss import ElementwiseLoss


@MODELS.register_module()
class ExpGBLoss(ElementwiseLoss):
    """exp-GB, whose error delta is ``alpha*exp(x) - t`` (:mod:`mmgb.functional.losses.exp_gb`).

    Args:
        alpha (float): factor of the exponential, > 0. The paper uses 0.1, on ImageNet 0.01.
        targets (tuple[float, float]): ``(negative, positive)`` with ``0 <= negative < positive``. The paper uses
            {0, 16}, {0, 6} and {0, 10}.
        max_delta (float | None): largest magnitude of the error delta, > 0. Default: None, unbounded, or 1 if
            ``matched``.
        loss_name (str): key in the log, see :class:`WeightedLoss`.
        fused (bool): see :class:`ElementwiseLoss`.
        matched (bool): whether the head's outputs are in the units of cross-entropy's logits, so that its learning
            rate, schedule and initialisation fit: the delta is ``exp(z) / C - p`` for C classes. Then
            ``alpha`` has no effect, and the targets only by their ratio. Default: False, the paper's units.
        **options: further arguments of :class:`ElementwiseLoss` and the arguments of :class:`WeightedLoss`.

    Raises:
        ConfigError: when built, if a setting is outside its range; when called, if a tensor does not fit.
    """

    formula: ExpGB

    def __init__(
        self,
        alpha: float = 0.1,
        targets: tuple[float, float] = (0.0, 16.0),
        max_delta: float | None = None,
        loss_name: str = 'loss_exp_gb',
        fused: bool = True,
        matched: bool = False,
        **options,
    ) -> None:
        formula = ExpGB(alpha, targets, max_delta)
        super().__init__(formula, loss_name=loss_name, fused=fused, matched=matched, **options)

    def compute(self, cls_score: Tensor, label: Tensor, **options) -> Tensor:
        return exp_gb_loss(
            cls_score,
            label,
            alpha=self.formula.alpha,
            targets=self.formula.targets,
            max_delta=self.formula.max_delta,
            fused=self.fused,
            matched=self.matched,
            **self.label_options,
            **options,
        )
