"""``Pow3GBLoss``: cubic gradient boosting as a registered loss."""

from __future__ import annotations

from torch import Tensor

from mmgb.functional.losses.pow3_gb import Pow3GB, pow3_gb_loss, resolve_beta
from mmgb.registry import MODELS

from .elementwise_loss import ElementwiseLoss


@MODELS.register_module()
class Pow3GBLoss(ElementwiseLoss):
    """pow3-GB, whose error delta is ``alpha*x**3 + beta - t`` (:mod:`mmgb.functional.losses.pow3_gb`).

    Args:
        alpha (float): factor of the cube, > 0. The paper uses 0.001.
        beta (float | None): offset of the boosted output. Default: None, the paper's 0.4, or the negative target if
            ``matched``.
        targets (tuple[float, float]): ``(negative, positive)`` with ``negative < positive``. The paper uses {0, 10}
            and {-2, 10}.
        max_delta (float | None): largest magnitude of the error delta, > 0. Default: None, unbounded, or 1 if
            ``matched``.
        loss_name (str): key in the log, see :class:`WeightedLoss`.
        fused (bool): see :class:`ElementwiseLoss`.
        matched (bool): whether the head's outputs are in the units of cross-entropy's logits, so that its learning
            rate, schedule and initialisation fit: the delta is ``(z/10 + C**(-1/3))**3 - p`` for C classes. Then
            ``alpha`` and the scale of the targets have no effect. Default: False, the paper's units.
        **options: further arguments of :class:`ElementwiseLoss` and the arguments of :class:`WeightedLoss`.

    Raises:
        ConfigError: when built, if a setting is outside its range; when called, if a tensor does not fit.
    """

    formula: Pow3GB

    def __init__(
        self,
        alpha: float = 0.001,
        beta: float | None = None,
        targets: tuple[float, float] = (0.0, 10.0),
        max_delta: float | None = None,
        loss_name: str = 'loss_pow3_gb',
        fused: bool = True,
        matched: bool = False,
        **options,
    ) -> None:
        formula = Pow3GB(alpha, resolve_beta(beta, targets, matched), targets, max_delta)
        super().__init__(formula, loss_name=loss_name, fused=fused, matched=matched, **options)

    def compute(self, cls_score: Tensor, label: Tensor, **options) -> Tensor:
        return pow3_gb_loss(
            cls_score,
            label,
            alpha=self.formula.alpha,
            beta=self.formula.beta,
            targets=self.formula.targets,
            max_delta=self.formula.max_delta,
            fused=self.fused,
            matched=self.matched,
            **self.label_options,
            **options,
        )
