"""What the registered losses share: the settings of a config, the hosts' calling conventions, probabilities."""
from collections.abc import Sequence
from typing import Optional

import torch
from torch import Tensor, nn

from mmgb.functional.elementwise_loss import ElementwiseForm, check_reduction, check_target_kind, elementwise_loss
from mmgb.functional.fused_gb_loss import fused_gb_loss


class ElementwiseLoss(nn.Module):
    """A loss that is a sum over the classes of one function of each output (:mod:`mmgb.functional.elementwise_loss`).

    mmseg's heads call ``loss(scores, labels, weight=…, ignore_index=…)`` (some without ``ignore_index``) and read
    ``loss_name``; mmpretrain's call ``loss(scores, target, avg_factor=…)``.

    Args:
        form: the formulas with their settings.
        targets: ``(negative, positive)``, checked before.
        reduction: ``'mean'``, ``'sum'`` or ``'none'``.
        class_weight: a weight for each class.
        ignore_index: used where the head passes none; ``None``: every sample counts.
        avg_non_ignore: whether the mean is over the samples that count, or over all.
        loss_weight: factor of the loss.
        loss_name: key in the log; must begin with ``loss_`` for mmseg to back-propagate it.
        use_sigmoid: only False. A config that swaps the type of mmseg's ``CrossEntropyLoss`` inherits this key.
        target_kind: ``'class'``: labels or class scores; ``'value'``: the real-valued targets themselves.
        fused: whether value and gradient may be computed together (:func:`mmgb.functional.exp_gb_loss`).

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(self, form: ElementwiseForm, targets: tuple[float, float], reduction: str = 'mean',
                 class_weight: Optional[Sequence[float]] = None, ignore_index: Optional[int] = None,
                 avg_non_ignore: bool = True, loss_weight: float = 1.0, loss_name: str = 'loss_elementwise',
                 use_sigmoid: bool = False, target_kind: str = 'class', fused: bool = False) -> None:
        if use_sigmoid:
            raise ValueError(f'use_sigmoid={use_sigmoid!r}: the head outputs of these losses are linear; only False is '
                             'allowed')
        check_reduction(reduction)
        check_target_kind(target_kind)
        super().__init__()
        self.form = form
        self.targets = targets
        self.reduction = reduction
        # A buffer follows the model to its device; not persistent, so that checkpoints keep the plain model's keys.
        self.register_buffer('class_weight', None if class_weight is None else torch.tensor(class_weight),
                             persistent=False)
        self.ignore_index = ignore_index
        self.avg_non_ignore = avg_non_ignore
        self.loss_weight = loss_weight
        self.loss_name = loss_name
        self.target_kind = target_kind
        self.fused = fused

    def forward(self, cls_score: Tensor, label: Tensor, weight: Optional[Tensor] = None,
                avg_factor: Optional[float] = None, reduction_override: Optional[str] = None,
                ignore_index: Optional[int] = None) -> Tensor:
        """Arguments are named and ordered as in the hosts' own losses.

        Args:
            cls_score: linear outputs, (N, C) or (N, C, H, W).
            label: labels, (N) or (N, H, W); or class scores in [0, 1], or real-valued targets, of the shape of
                ``cls_score``.
            weight: a factor for each sample or pixel.
            avg_factor: what the mean divides by.
            reduction_override: used instead of the constructor's ``reduction``.
            ignore_index: used instead of the constructor's.
        """
        return self.loss_weight * elementwise_loss(
            cls_score, label, self.form, self.targets, weight=weight, class_weight=self.class_weight,
            ignore_index=self.ignore_index if ignore_index is None else ignore_index,
            avg_non_ignore=self.avg_non_ignore, reduction=reduction_override or self.reduction,
            avg_factor=avg_factor, target_kind=self.target_kind, fused=fused_gb_loss if self.fused else None)

    def probabilities(self, scores: Tensor) -> Tensor:
        """Each class's probability, estimated on its own: the boosted output, scaled from the targets to [0, 1].

        At a loss's minimum the expected delta is zero, so the boosted output is the expected target, which is
        ``negative + (positive - negative) * p``. The estimates sum to about 1; class weights, and scores that are
        rescaled before the loss (ArcFace), break them. Same shape as ``scores``.
        """
        negative, positive = self.targets
        return ((self.form.output(scores) - negative) / (positive - negative)).clamp(0, 1)

    def score_of(self, probability: float) -> float:
        """The output that fits a class of this probability: the inverse of :meth:`probabilities`."""
        negative, positive = self.targets
        return self.form.fit(negative + (positive - negative) * probability)
