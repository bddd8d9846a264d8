"""``SquaredErrorLoss``: the losses of the gradient-boosting paper's Table 1."""

from __future__ import annotations

from torch import Tensor

from mmgb.functional.losses.squared_error import SquaredError, resolve_targets, squared_error_loss
from mmgb.registry import MODELS

from .elementwise_loss import ElementwiseLoss


@MODELS.register_module()
class SquaredErrorLoss(ElementwiseLoss):
    """Squared error ``½Σ(f(x) - t)²`` of linear, sigmoid or tanh outputs (:mod:`mmgb.functional.losses.squared_error`).

    The head's outputs stay linear, since the loss applies the activation. Heads predict the class of the largest
    output, which no activation changes.

    Args:
        activation (str): ``'linear'``, ``'sigmoid'`` or ``'tanh'``.
        targets (str | tuple[float, float]): ``(negative, positive)`` within the activation's range; or ``'unit'``
            {0, 1}, ``'symmetric'`` {-1, 1} or ``'max_curvature'`` (LeCun et al. 2012).
        loss_name (str): key in the log, see :class:`WeightedLoss`.
        **options: the arguments of :class:`ElementwiseLoss` and :class:`WeightedLoss`.

    Raises:
        ConfigError: when built, if a setting is outside its range; when called, if a tensor does not fit.
    """

    formula: SquaredError

    def __init__(
        self,
        activation: str = 'linear',
        targets: str | tuple[float, float] = (0.0, 1.0),
        loss_name: str = 'loss_squared_error',
        **options,
    ) -> None:
        formula = SquaredError(activation, resolve_targets(activation, targets))
        super().__init__(formula, loss_name=loss_name, **options)

    def compute(self, cls_score: Tensor, label: Tensor, **options) -> Tensor:
        return squared_error_loss(
            cls_score,
            label,
            activation=self.formula.activation,
            targets=self.formula.targets,
            **self.label_options,
            **options,
        )
