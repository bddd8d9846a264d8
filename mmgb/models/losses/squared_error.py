"""``SquaredErrorLoss``: the losses of the gradient-boosting paper's Table 1."""

from __future__ import annotations

from mmgb.functional.losses.squared_error import SquaredError, check_squared_error
from mmgb.registry import MODELS

from .elementwise_loss import ElementwiseLoss


@MODELS.register_module()
class SquaredErrorLoss(ElementwiseLoss):
    """Squared error ``½Σ(f(x) - t)²`` of linear, sigmoid or tanh outputs (:mod:`mmgb.functional.losses.squared_error`).

    The head's outputs stay linear: the activation is the loss's. Heads predict by the largest output, which no
    activation changes.

    Args:
        activation: ``'linear'``, ``'sigmoid'`` or ``'tanh'``.
        targets: ``(negative, positive)`` within the activation's range; or ``'unit'`` {0, 1}, ``'symmetric'`` {-1, 1},
            ``'max_curvature'`` (LeCun et al. 2012).
        loss_name, **options: see :class:`ElementwiseLoss` and :class:`WeightedLoss`.

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(
        self,
        activation: str = 'linear',
        targets: str | tuple[float, float] = (0.0, 1.0),
        loss_name: str = 'loss_squared_error',
        **options,
    ) -> None:
        super().__init__(
            SquaredError(activation), check_squared_error(activation, targets), loss_name=loss_name, **options
        )
