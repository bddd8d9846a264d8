"""Base class of all registered losses: the settings of a loss config, and the hosts' calling convention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.full_resolution.pixel_weights import pixel_weights
from mmgb.functional.full_resolution.strips import loss_in_strips
from mmgb.functional.losses.reduction import check_reduction
from mmgb.functional.losses.settings import check_bool, check_ignore_index, check_not_negative, shown

from .class_weights import read_class_weight

_INHERITED = 'if the replaced loss had it, add `_delete_=True` to the new loss, see docs/swap_the_loss.md'
# What to set instead of a setting of a host's loss.
_INSTEAD = {
    'mode': '. `label_smooth_mode` is the mode of label smoothing',
    'num_classes': '. Label smoothing counts the outputs',
    'use_soft': '. Class scores need no setting',
    'thresh': '. `OHEMPixelSampler` of the head mines pixels',
}


class WeightedLoss(nn.Module):
    """A loss per sample or pixel, weighted and reduced. Subclasses implement :meth:`compute`.

    mmseg's heads call ``loss(scores, labels, weight=…, ignore_index=…)``, some without ``ignore_index``, and read
    ``loss_name``. mmpretrain's heads call ``loss(scores, target, avg_factor=…)``.

    Args:
        reduction (str): ``'mean'``, ``'sum'`` or ``'none'``.
        class_weight (Sequence[float] | str | None): one factor >= 0 per class, or the path of a ``.npy``, ``.json``,
            ``.yaml``, ``.yml`` or ``.pkl`` file with them. It multiplies the samples of that class, or with several
            labels per sample the class's terms, see :func:`mmgb.functional.losses.elementwise.elementwise_loss`.
        ignore_index (int | None): label of the ignored samples. A head that passes one must pass the same. Default:
            None, the head's, and no sample is ignored if it passes none.
        avg_non_ignore (bool): whether ``'mean'`` divides by the number of samples that are not ignored, or by the
            number of all samples. Default: True, whereas mmseg's losses have False.
        loss_weight (float): factor of the loss, >= 0.
        loss_name (str): key in the log. It must contain ``loss``, since the hosts train no other output of a head.
        use_sigmoid (bool): only False is allowed. A config that swaps the type of mmseg's ``CrossEntropyLoss`` inherits
            this key.
        **unknown: refused by name.

    Raises:
        ConfigError: when built, if a setting is outside its range; when called, if a tensor does not fit.
    """

    def __init__(
        self,
        reduction: str = 'mean',
        class_weight: Sequence[float] | str | None = None,
        ignore_index: int | None = None,
        avg_non_ignore: bool = True,
        loss_weight: float = 1.0,
        loss_name: str = 'loss_weighted',
        use_sigmoid: bool = False,
        **unknown: Any,
    ) -> None:
        for key, value in unknown.items():
            raise ConfigError(
                f'{shown(key)[1:-1]}={shown(value)}: expected a setting of {type(self).__name__}; '
                f'{_INHERITED}{_INSTEAD.get(key, "")}'
            )
        if use_sigmoid is not False:
            raise ConfigError(
                f'use_sigmoid={shown(use_sigmoid)}: expected False, since this loss takes linear outputs; {_INHERITED}'
            )
        check_reduction(reduction)
        check_ignore_index(ignore_index)
        check_bool('avg_non_ignore', avg_non_ignore)
        if not isinstance(loss_name, str) or 'loss' not in loss_name:
            raise ConfigError(
                f"loss_name={shown(loss_name)}: expected a name that contains 'loss', since no other output is trained"
            )
        loss_weight = check_not_negative('loss_weight', loss_weight)
        weights = read_class_weight(class_weight)
        super().__init__()
        self.reduction = reduction
        # A buffer follows the model to its device. It is not persistent, so checkpoints keep the plain model's keys.
        self.register_buffer('class_weight', None if weights is None else torch.tensor(weights), persistent=False)
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
            ignore_index (int | None): ignored label of this call, the constructor's if that has one.

        Raises:
            ConfigError: if ``ignore_index`` is not the constructor's, or a tensor does not fit.
        """
        return self.loss_weight * self.compute(
            cls_score,
            label,
            weight=weight,
            class_weight=self.class_weight,
            ignore_index=self.ignored_label(ignore_index),
            avg_non_ignore=self.avg_non_ignore,
            reduction=self.reduction if reduction_override is None else reduction_override,
            avg_factor=avg_factor,
        )

    def compute(self, cls_score: Tensor, label: Tensor, **options) -> Tensor:
        """Call the loss's function in :mod:`mmgb.functional` with the keyword arguments that all of them share."""
        raise NotImplementedError

    def of_enlarged(
        self, scores: Tensor, label: Tensor, *, align_corners: bool = False, ignore_index: int | None = None
    ) -> Tensor:
        """Compute the loss of bilinearly enlarged scores, without the enlarged scores.

        Args:
            scores (Tensor): linear outputs, (N, C, h, w).
            label (Tensor): labels (N, H, W) with H >= h and W >= w.
            align_corners (bool): as in ``F.interpolate``.
            ignore_index (int | None): see :meth:`forward`.

        Raises:
            ConfigError: as :meth:`forward` does, or if the reduction is ``'none'``.
        """
        return self.loss_weight * self.compute_enlarged(
            scores,
            label,
            align_corners,
            class_weight=self.class_weight,
            ignore_index=self.ignored_label(ignore_index),
            avg_non_ignore=self.avg_non_ignore,
            reduction=self.reduction,
        )

    def compute_enlarged(self, scores: Tensor, label: Tensor, align_corners: bool, **options) -> Tensor:
        """Compute the loss in strips of rows. Subclasses override it if they have a faster way."""
        factor = pixel_weights(scores, label, **options)

        def loss_of_rows(enlarged: Tensor, rows: slice) -> Tensor:
            return self.compute(
                enlarged, label[:, rows], weight=factor[:, rows], ignore_index=options['ignore_index'], reduction='sum'
            )

        return loss_in_strips(scores, label.shape[1:], loss_of_rows, align_corners=align_corners)

    def ignored_label(self, ignore_index: int | None) -> int | None:
        """Return the ignored label of a call to which a head passes ``ignore_index``."""
        if ignore_index is None:
            return self.ignore_index
        if self.ignore_index is not None and ignore_index != self.ignore_index:
            raise ConfigError(
                f'ignore_index={self.ignore_index} of the loss: expected {shown(ignore_index)}, which the head passes; '
                'give the head and the loss the same value'
            )
        return ignore_index
