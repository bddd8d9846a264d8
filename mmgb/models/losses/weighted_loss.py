"""What all registered losses share: the settings that a config gives to any loss, and how the hosts call one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.losses.elementwise import check_reduction


class WeightedLoss(nn.Module):
    """A loss of each sample or pixel, weighted and reduced over them. Subclasses give :meth:`compute`.

    mmseg's heads call ``loss(scores, labels, weight=…, ignore_index=…)`` (some without ``ignore_index``) and read
    ``loss_name``; mmpretrain's call ``loss(scores, target, avg_factor=…)``.

    Args:
        reduction: ``'mean'``, ``'sum'`` or ``'none'``.
        class_weight: a weight for each class.
        ignore_index: used where the head passes none; ``None``: every sample counts.
        avg_non_ignore: whether the mean is over the samples that count, or over all.
        loss_weight: factor of the loss.
        loss_name: key in the log; must begin with ``loss_`` for mmseg to back-propagate it.
        use_sigmoid: only False. A config that swaps the type of mmseg's ``CrossEntropyLoss`` inherits this key.

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(
        self,
        reduction: str = 'mean',
        class_weight: Sequence[float] | None = None,
        ignore_index: int | None = None,
        avg_non_ignore: bool = True,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_weighted',
        use_sigmoid: bool = False,
    ) -> None:
        if use_sigmoid:
            raise ConfigError(
                f'use_sigmoid={use_sigmoid!r}: the head outputs of these losses are linear; only False is allowed'
            )
        check_reduction(reduction)
        super().__init__()
        self.reduction = reduction
        # A buffer follows the model to its device; not persistent, so that checkpoints keep the plain model's keys.
        self.register_buffer(
            'class_weight', None if class_weight is None else torch.tensor(class_weight), persistent=False
        )
        self.ignore_index = ignore_index
        self.avg_non_ignore = avg_non_ignore
        self.loss_weight = loss_weight
        self.loss_name = loss_name

    def forward(
        self,
        cls_score: Tensor,
        label: Tensor,
        weight: Tensor | None = None,
        avg_factor: float | None = None,
        reduction_override: str | None = None,
        ignore_index: int | None = None,
    ) -> Tensor:
        """Arguments are named and ordered as in the hosts' own losses.

        Args:
            cls_score: linear outputs, (N, C) or (N, C, H, W).
            label: labels, (N) or (N, H, W), or whatever else the loss is defined for.
            weight: a factor for each sample or pixel.
            avg_factor: what the mean divides by.
            reduction_override: used instead of the constructor's ``reduction``.
            ignore_index: used instead of the constructor's.
        """
        return self.loss_weight * self.compute(
            cls_score,
            label,
            weight=weight,
            class_weight=self.class_weight,
            ignore_index=self.ignore_index if ignore_index is None else ignore_index,
            avg_non_ignore=self.avg_non_ignore,
            reduction=reduction_override or self.reduction,
            avg_factor=avg_factor,
        )

    def compute(self, cls_score: Tensor, label: Tensor, **options) -> Tensor:
        """The loss of a function in :mod:`mmgb.functional`, with the keyword arguments that all of them share."""
        raise NotImplementedError
