"""Base class of all registered losses: the settings of a loss config, and the hosts' calling convention."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.losses.reduction import check_reduction


class WeightedLoss(nn.Module):
    """A loss per sample or pixel, weighted and reduced. Subclasses implement :meth:`compute`.

    mmseg's heads call ``loss(scores, labels, weight=…, ignore_index=…)``, some without ``ignore_index``, and read
    ``loss_name``. mmpretrain's heads call ``loss(scores, target, avg_factor=…)``.

    Args:
        reduction (str): ``'mean'``, ``'sum'`` or ``'none'``.
        class_weight (Sequence[float] | None): factor of each sample by its label, one per class.
        ignore_index (int | None): label of the ignored samples where the head passes none. Default: None, no sample
            is ignored.
        avg_non_ignore (bool): whether ``'mean'`` divides by the number of samples that are not ignored, or by the
            number of all samples.
        loss_weight (float): factor of the loss.
        loss_name (str): key in the log. mmseg back-propagates a loss only if its name begins with ``loss_``.
        use_sigmoid (bool): only False is allowed. A config that swaps the type of mmseg's ``CrossEntropyLoss`` inherits
            this key.

    Raises:
        ConfigError: when built, if a setting is outside its range; when called, if a tensor does not fit.
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
            raise ConfigError(f'use_sigmoid={use_sigmoid!r}: expected False, since this loss takes linear outputs')
        check_reduction(reduction)
        super().__init__()
        self.reduction = reduction
        # A buffer follows the model to its device. It is not persistent, so checkpoints keep the plain model's keys.
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
        """Compute the loss. The arguments have the names and order of the hosts' own losses.

        Args:
            cls_score (Tensor): linear outputs, (N, C) or (N, C, H, W).
            label (Tensor): labels, (N) or (N, H, W), or another target that the loss is defined for.
            weight (Tensor | None): factor of each sample or pixel.
            avg_factor (float | None): normalizer of the mean, instead of the number of samples.
            reduction_override (str | None): reduction of this call, instead of the constructor's.
            ignore_index (int | None): ignored label of this call, instead of the constructor's.
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
        """Call the loss's function in :mod:`mmgb.functional` with the keyword arguments that all of them share."""
        raise NotImplementedError
