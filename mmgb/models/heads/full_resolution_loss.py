"""The loss of the scores at full resolution around any decode head of mmseg, without enlarging its scores."""

from __future__ import annotations

import numbers
from functools import cache

import torch
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.models.losses import accuracy
from torch import Tensor, nn

from mmgb.functional import ConfigError
from mmgb.functional.full_resolution.accuracy import upsampled_accuracy
from mmgb.functional.full_resolution.drawn_pixels import scores_at_pixels
from mmgb.functional.hypercolumn import draw_valid_pixels, valid_pixels
from mmgb.models.relay_bp.arguments import registered_class
from mmgb.registry import MODELS

from .enlarged_losses import check_loss, enlarged_loss, normalizer

# What a head's own method has to call so that the loss is still that of all its scores.
OWN_LOSS = {
    'loss': ({'super', 'loss'}, {'forward', 'loss_by_feat'}),
    'loss_by_feat': ({'super', 'loss_by_feat'},),
}


@MODELS.register_module()
class FullResolutionLoss(BaseDecodeHead):
    """A decode head whose losses and accuracy are those of the enlarged scores, computed without enlarging them.

    The object is the head itself, of a class derived from the head's own: its attributes, checkpoint keys and
    predictions are those of the plain head. See :mod:`mmgb.functional.full_resolution.loss` for the computation.

    Args:
        head: name of the head's type, whose settings are then the other arguments, or the config of the head. The name
            is the shorter one in a config that inherits a head: ``decode_head=dict(type='mmgb.FullResolutionLoss',
            head='ASPPHead')``.
        pixels_per_image: number of pixels drawn from each image in each training step, as in PixelNet
            (arXiv:1702.06506, Section 3). The loss is an unbiased estimate of that of all pixels. Default: None, all
            pixels.
        **settings: settings of the head.

    Raises:
        ConfigError: when built, if an argument is invalid, the head computes its loss in a way of its own, its loss is
            not one that :func:`~mmgb.models.heads.enlarged_losses.check_loss` accepts, or it has a pixel sampler, which
            ranks the enlarged scores.
    """

    def __new__(cls, head: str | dict, *args, **kwargs):
        return super().__new__(_derived_class(_head_class(head)) if cls is FullResolutionLoss else cls)

    def __init__(self, head: str | dict, pixels_per_image: int | None = None, **settings) -> None:
        if pixels_per_image is not None:
            _check_count('pixels_per_image', pixels_per_image)
        if isinstance(head, dict):
            settings = settings | head
            settings.pop('type')
            settings.pop('_scope_', None)  # mmengine adds it to a config that inherits from another scope
        super().__init__(**settings)
        for loss in _losses(self):
            check_loss(loss)
        if self.sampler is not None:
            raise ConfigError(
                f'sampler={type(self.sampler).__name__}: expected None inside FullResolutionLoss, since it ranks '
                'the enlarged scores'
            )
        self.pixels_per_image = pixels_per_image

    def __reduce__(self):
        # pickle can't find the class by name, because it is created at run time.
        return _empty, (type(self).__mro__[2],), self.__dict__


class _LossOfEnlargedScores(BaseDecodeHead):
    """A base class in place of ``BaseDecodeHead``, so that a head's ``super().loss_by_feat`` finds this one as well."""

    @torch.compiler.disable
    def loss_by_feat(self, seg_logits: Tensor, batch_data_samples: list) -> dict:
        """Compute the losses and the accuracy of scores (N, C, h, w) as ``BaseDecodeHead`` does, at full resolution."""
        labels = self._stack_batch_gt(batch_data_samples).squeeze(1)
        if self.pixels_per_image is not None:
            return self._loss_of_drawn_pixels(seg_logits, labels)
        options = dict(align_corners=self.align_corners, ignore_index=self.ignore_index)
        losses = {}
        for loss in _losses(self):
            value = enlarged_loss(loss, seg_logits, labels, **options)
            losses[loss.loss_name] = losses.get(loss.loss_name, 0) + value
        return losses | dict(acc_seg=upsampled_accuracy(seg_logits, labels, **options))

    def _loss_of_drawn_pixels(self, seg_logits: Tensor, labels: Tensor) -> dict:
        pixels = draw_valid_pixels(labels, self.pixels_per_image, self.ignore_index)
        scores = scores_at_pixels(seg_logits, pixels, labels.shape[1:], self.align_corners)
        drawn = labels.flatten(1).gather(1, pixels).unsqueeze(2)
        # The factor with which the loss of the drawn pixels estimates the sum over their image's valid ones.
        share = valid_pixels(labels, self.ignore_index).flatten(1).sum(1) / self.pixels_per_image
        options = dict(weight=share.view(-1, 1, 1).expand(drawn.shape), ignore_index=self.ignore_index)
        losses = {}
        for loss in _losses(self):
            total = loss(scores, drawn, reduction_override='sum', **options)
            value = total / normalizer(loss, labels, self.ignore_index)
            losses[loss.loss_name] = losses.get(loss.loss_name, 0) + value
        return losses | dict(acc_seg=accuracy(scores, drawn, ignore_index=self.ignore_index))


def _check_count(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise ConfigError(f'{name}={value!r}: expected a number of pixels >= 1, or None')


def _losses(head: BaseDecodeHead) -> list[nn.Module]:
    return list(head.loss_decode) if isinstance(head.loss_decode, nn.ModuleList) else [head.loss_decode]


def _head_class(head: str | dict) -> type:
    """Return the class of a head, if its loss is computed by ``BaseDecodeHead.loss_by_feat``."""
    found = registered_class({'type': head} if isinstance(head, str) else head, 'head')
    if not issubclass(found, BaseDecodeHead) or issubclass(found, FullResolutionLoss):
        raise ConfigError(f'head.type={found.__name__!r}: expected a decode head of mmseg with a loss_decode')
    for base in found.__mro__[: found.__mro__.index(BaseDecodeHead)]:
        for method, parts in OWN_LOSS.items():
            own = vars(base).get(method)
            if own is not None and not any(part <= set(own.__code__.co_names) for part in parts):
                raise ConfigError(
                    f'head.type={found.__name__!r}: expected a head whose loss is that of BaseDecodeHead, but '
                    f'{base.__name__}.{method} enlarges or selects scores itself; train this head without '
                    'FullResolutionLoss'
                )
    return found


@cache
def _derived_class(head_class: type) -> type:
    """Derive the class of a head with the loss at full resolution from the class of the plain head."""
    bases = (FullResolutionLoss, head_class, _LossOfEnlargedScores)
    return type('FullResolutionLoss', bases, {'__module__': __name__, '__doc__': FullResolutionLoss.__doc__})


def _empty(head_class: type) -> nn.Module:
    """Create a head without attributes, for pickle to fill."""
    derived = _derived_class(head_class)
    return derived.__new__(derived, None)
