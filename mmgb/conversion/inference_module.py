"""A trained model as a plain module, for ``torch.export`` and ONNX: images to scores and class probabilities."""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.models.ordered_probabilities import boosted_loss, normalized_probabilities, predicting_head
from mmgb.utils.auxiliaries import AUXILIARIES


class InferenceModule(nn.Module):
    """Normalize and pad images, compute a model's scores and their probabilities, by tensor operations only.

    The predicted class has the highest score. The probabilities are those of the loss that the head was trained with:
    of one of mmgb's losses, else softmax, or a sigmoid for a multi-label head. Boosted losses clamp them, so several
    classes can have the highest one. Auxiliary heads and losses of the model take no part.

    Args:
        model (nn.Module): classifier or segmentor of either host with its ``data_preprocessor``, may be a ``RelayBP``.

    Raises:
        ConfigError: if the model has no head whose scores it returns, or a head of one channel for two classes, or
            predicts in sliding windows; in the forward pass, if a classification head returns several tensors.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        head = predicting_head(model)
        if head is None or getattr(head, 'out_channels', None) == 1:
            raise ConfigError(f'model={type(model).__name__}: expected a head with a score for every class')
        if (getattr(model, 'test_cfg', None) or {}).get('mode') == 'slide':
            raise ConfigError(
                "model.test_cfg.mode='slide': expected 'whole', since an exported model predicts an image as a whole; "
                'if that is wanted use --cfg-options model.test_cfg.mode=whole'
            )
        self.model = without_auxiliaries(model).eval()
        self.loss = boosted_loss(head)
        self.segments, self.head_name = hasattr(head, 'align_corners'), type(head).__name__
        self.align_corners = getattr(head, 'align_corners', False)
        self.multi_label = any('MultiLabel' in base.__name__ for base in type(head).__mro__)  # CSRAClsHead, too
        preprocessor = model.data_preprocessor
        self.padding = padding_in_testing(preprocessor)
        # The names of mmsegmentation's preprocessor and of mmpretrain's.
        self.swaps_channels = getattr(preprocessor, '_channel_conversion', getattr(preprocessor, 'to_rgb', False))
        normalizes = getattr(preprocessor, '_enable_normalize', False)
        for name in ('mean', 'std'):
            self.register_buffer(name, getattr(preprocessor, name) if normalizes else None, persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores and probabilities, both float32 of shape (N, C), or (N, C, H, W) of a segmentor.

        Args:
            images (Tensor): pixels from 0 to 255 as the test pipeline packs them, (N, 3, H, W), in OpenCV's order of
                channels (BGR) unless the pipeline loads another.
        """
        padded = self.padding(self.normalize(images.float()))
        scores = self.model(padded)
        if self.segments and isinstance(scores, (tuple, list)):
            scores = scores[0]  # mmsegmentation's EncNet and DANet predict by the first of their outputs
        if not isinstance(scores, Tensor):
            raise ConfigError(
                f'model.head={self.head_name}: expected a head that returns one tensor of scores, got a '
                f'{type(scores).__name__}'
            )
        scores = scores.float()
        if scores.dim() == 4 and scores.shape[2:] != padded.shape[2:]:
            scores = F.interpolate(scores, padded.shape[2:], mode='bilinear', align_corners=self.align_corners)
        if self.segments:
            scores = scores[:, :, : images.shape[2], : images.shape[3]]
        return scores, self.probabilities(scores)

    def probabilities(self, scores: Tensor) -> Tensor:
        """Return the probabilities of scores (N, C, ...)."""
        if self.loss is None:
            return scores.sigmoid() if self.multi_label else scores.softmax(1)
        return self.loss.probabilities(scores) if self.multi_label else normalized_probabilities(self.loss, scores)

    def normalize(self, images: Tensor) -> Tensor:
        """Swap channels, subtract the mean and divide by the standard deviation, as the model's preprocessor does."""
        if self.swaps_channels and images.shape[1] == 3:
            images = images.flip(1)
        return images if self.mean is None else (images - self.mean) / self.std


class Padding(NamedTuple):
    """Padding of images at the right and the bottom.

    Attributes:
        size: smallest height and width.
        divisor: number by which height and width become divisible.
        value: value of the new pixels.
    """

    size: tuple[int, int] = (1, 1)
    divisor: int = 1
    value: float = 0.0

    def __call__(self, images: Tensor) -> Tensor:
        """Return the padded images (N, C, H, W)."""
        bottom, right = (
            -(-max(smallest, side) // self.divisor) * self.divisor - side
            for smallest, side in zip(self.size, images.shape[2:])
        )
        return F.pad(images, (0, right, 0, bottom), value=self.value) if bottom or right else images


def padding_in_testing(preprocessor: nn.Module) -> Padding:
    """Return the padding of a data preprocessor of either host in testing."""
    if hasattr(preprocessor, 'pad_size_divisor'):  # mmpretrain's
        return Padding(divisor=preprocessor.pad_size_divisor, value=preprocessor.pad_value)
    settings = getattr(preprocessor, 'test_cfg', None) or {}
    size, divisor = settings.get('size') or (1, 1), settings.get('size_divisor') or 1
    return Padding(tuple(size[-2:]), divisor, getattr(preprocessor, 'pad_val', 0.0))


def without_auxiliaries(model: nn.Module) -> nn.Module:
    """Return a copy of a model that shares all its modules but its auxiliary heads and losses."""
    lean = copy.copy(model)
    lean._modules = {name: module for name, module in model._modules.items() if name not in AUXILIARIES}
    return lean


def export(model: nn.Module, images: Tensor) -> torch.export.ExportedProgram:
    """Export a model for batches of any size and images of one size.

    Args:
        model (nn.Module): see :class:`InferenceModule`.
        images (Tensor): example batch of at least two images.
    """
    return torch.export.export(
        InferenceModule(model), (images,), dynamic_shapes=({0: torch.export.Dim('batch', min=1, max=65536)},)
    )


def to_onnx(exported: torch.export.ExportedProgram) -> bytes:
    """Return an exported model as the content of an ONNX file: ``images`` to ``scores`` and ``probabilities``."""
    program = torch.onnx.export(
        exported, dynamo=True, input_names=['images'], output_names=['scores', 'probabilities'], verbose=False
    )
    return program.model_proto.SerializeToString()
