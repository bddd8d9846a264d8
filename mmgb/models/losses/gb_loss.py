"""``ExpGBLoss`` and ``Pow3GBLoss``: the boosted losses as every head of mmseg and mmpretrain calls a loss."""
import math
from collections.abc import Sequence
from functools import partial
from typing import Callable, Optional

import torch
from torch import Tensor, nn

from mmgb.functional.elementwise_loss import check_reduction
from mmgb.functional.gb_loss import check_exp_gb, check_pow3_gb, exp_gb_loss, pow3_gb_loss
from mmgb.registry import MODELS


class GBLoss(nn.Module):
    """What the boosted losses share: the settings of a config and the hosts' calling conventions.

    mmseg's heads call ``loss(scores, labels, weight=…, ignore_index=…)`` (some without ``ignore_index``) and read
    ``loss_name``; mmpretrain's call ``loss(scores, target, avg_factor=…)``.

    Args:
        function: the loss as a function of scores and target, with its formula's settings bound.
        reduction: ``'mean'``, ``'sum'`` or ``'none'``.
        class_weight: a weight for each class.
        ignore_index: used where the head passes none; ``None``: every sample counts.
        avg_non_ignore: whether the mean is over the samples that count, or over all.
        loss_weight: factor of the loss.
        loss_name: key in the log; must begin with ``loss_`` for mmseg to back-propagate it.
        use_sigmoid: only False. A config that swaps the type of mmseg's ``CrossEntropyLoss`` inherits this key.
    """

    def __init__(self, function: Callable[..., Tensor], reduction: str, class_weight: Optional[Sequence[float]],
                 ignore_index: Optional[int], avg_non_ignore: bool, loss_weight: float, loss_name: str,
                 use_sigmoid: bool) -> None:
        if use_sigmoid:
            raise ValueError(f'use_sigmoid={use_sigmoid!r}: the outputs of a boosted loss are linear; only False is '
                             'allowed')
        super().__init__()
        check_reduction(reduction)
        self.function = function
        self.reduction = reduction
        # A buffer follows the model to its device; not persistent, so that checkpoints keep the plain model's keys.
        self.register_buffer('class_weight', None if class_weight is None else torch.tensor(class_weight),
                             persistent=False)
        self.ignore_index = ignore_index
        self.avg_non_ignore = avg_non_ignore
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def forward(self, cls_score: Tensor, label: Tensor, weight: Optional[Tensor] = None,
                avg_factor: Optional[float] = None, reduction_override: Optional[str] = None,
                ignore_index: Optional[int] = None) -> Tensor:
        """Args are named and ordered as in the hosts' own losses.

        Args:
            cls_score: linear outputs, (N, C) or (N, C, H, W).
            label: labels, (N) or (N, H, W), or class scores in [0, 1] of the shape of ``cls_score``.
            weight: a factor for each sample or pixel.
            avg_factor: what the mean divides by.
            reduction_override: used instead of the constructor's ``reduction``.
            ignore_index: used instead of the constructor's.
        """
        return self.loss_weight * self.function(
            cls_score, label, weight=weight, class_weight=self.class_weight,
            ignore_index=self.ignore_index if ignore_index is None else ignore_index,
            avg_non_ignore=self.avg_non_ignore, reduction=reduction_override or self.reduction,
            avg_factor=avg_factor)


@MODELS.register_module()
class ExpGBLoss(GBLoss):
    """Exponential gradient boosting: the error delta is ``alpha*exp(x) - t`` (:mod:`mmgb.functional.gb_loss`).

    Args:
        alpha: > 0. The paper uses 0.1, on ImageNet 0.01.
        targets: ``(negative, positive)``, ``0 <= negative < positive``. The paper uses {0, 16}, {0, 6}, {0, 10}.
        others: see :class:`GBLoss`.

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(self, alpha: float = 0.1, targets: tuple[float, float] = (0., 16.), reduction: str = 'mean',
                 class_weight: Optional[Sequence[float]] = None, ignore_index: Optional[int] = None,
                 avg_non_ignore: bool = True, loss_weight: float = 1.0, loss_name: str = 'loss_exp_gb',
                 use_sigmoid: bool = False) -> None:
        targets = check_exp_gb(alpha, targets)
        super().__init__(partial(exp_gb_loss, alpha=alpha, targets=targets), reduction, class_weight, ignore_index,
                         avg_non_ignore, loss_weight, loss_name, use_sigmoid)
        self.alpha, self.targets = alpha, targets

    def score_of(self, probability: float) -> float:
        """The output that fits a class of this probability: where ``alpha*exp(x)`` is its expected target."""
        negative, positive = self.targets
        return math.log((negative + (positive - negative) * probability) / self.alpha)


@MODELS.register_module()
class Pow3GBLoss(GBLoss):
    """Cubic gradient boosting: the error delta is ``alpha*x**3 + beta - t`` (:mod:`mmgb.functional.gb_loss`).

    Args:
        alpha: > 0. The paper uses 0.001.
        beta: finite. The paper uses 0.4.
        targets: ``(negative, positive)``, ``negative < positive``. The paper uses {0, 10} and {-2, 10}.
        others: see :class:`GBLoss`.

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(self, alpha: float = 0.001, beta: float = 0.4, targets: tuple[float, float] = (0., 10.),
                 reduction: str = 'mean', class_weight: Optional[Sequence[float]] = None,
                 ignore_index: Optional[int] = None, avg_non_ignore: bool = True, loss_weight: float = 1.0,
                 loss_name: str = 'loss_pow3_gb', use_sigmoid: bool = False) -> None:
        targets = check_pow3_gb(alpha, beta, targets)
        super().__init__(partial(pow3_gb_loss, alpha=alpha, beta=beta, targets=targets), reduction, class_weight,
                         ignore_index, avg_non_ignore, loss_weight, loss_name, use_sigmoid)
        self.alpha, self.beta, self.targets = alpha, beta, targets

    def score_of(self, probability: float) -> float:
        """The output that fits a class of this probability: where ``alpha*x**3 + beta`` is its expected target."""
        negative, positive = self.targets
        cube = (negative + (positive - negative) * probability - self.beta) / self.alpha
        return math.copysign(abs(cube) ** (1 / 3), cube)
