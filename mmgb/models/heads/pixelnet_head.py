"""PixelNet's multi-layer perceptron on hypercolumns, a decode head of mmsegmentation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Callable

import torch
import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.structures import SegDataSample
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.hypercolumn import (
    LinearPart,
    crop_to_image,
    draw_valid_pixels,
    hypercolumn_linear,
    pixel_coordinates,
    split_first_layer,
    sum_at,
    sum_on_grid,
)
from mmgb.registry import MODELS


@MODELS.register_module()
class PixelNetHead(BaseDecodeHead):
    """Perceptron with two hidden layers on each pixel's hypercolumn (Bansal et al., arXiv:1702.06506, Section 3).

    Each training step draws ``pixels_per_image`` valid pixels of each image. Testing evaluates every pixel, about
    ``chunk_size`` pixels at a time. The hypercolumn is never stored (:mod:`mmgb.functional.hypercolumn`).

    Args:
        in_channels: number of channels of each map, in the order of ``PixelNetVGG``'s outputs. The first map must have
            stride 1: the image's size is that map's size minus the padding.
        channels: number of units of each hidden layer; 4096 in the paper.
        num_classes: number of classes.
        pixels_per_image: number of pixels drawn from each image in a training step; 2,000 in the paper.
        padding: padding of the backbone, in pixels per side.
        strides: pixels between neighbouring cells of each map.
        offsets: coordinate of the centre of each map's first cell, in pixels of the padded image. The default for fc7
            is the centre of a 7x7 kernel at stride 32; the released analysis files use stride 224 instead.
        chunk_size: number of pixels per image that prediction evaluates at a time, rounded down to whole rows, at least
            one row. It bounds the memory.
        factorised: whether the first layer is applied to each map before interpolation where that is cheaper. False
            builds the literal hypercolumn, for comparison.
        dropout_ratio: dropout probability of single values of both hidden layers' outputs.
        norm_outputs: whether ``norm_cfg`` also normalizes the scores, over all pixels of the batch.
        init_cfg: initialization config. None, as in the released network: Gaussian weights of standard deviation 0.001
            and zero biases.
        **kwargs: arguments of mmseg's ``BaseDecodeHead`` (``loss_decode``, ``ignore_index``, ``sampler``, …). A
            ``norm_cfg`` normalizes both hidden layers; the paper's network has no normalization.

    Raises:
        ConfigError: if ``strides`` or ``offsets`` doesn't have one number per map, if a count is below 1, if
            ``norm_outputs`` is set without a ``norm_cfg``, or, in training, if ``padding`` isn't the backbone's.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (64, 128, 256, 512, 512, 4096),
        channels: int = 4096,
        *,
        num_classes: int,
        pixels_per_image: int = 2000,
        padding: int = 100,
        strides: Sequence[float] = (1, 2, 4, 8, 16, 32),
        offsets: Sequence[float] = (0, 0.5, 1.5, 3.5, 7.5, 111.5),
        chunk_size: int = 8192,
        factorised: bool = True,
        dropout_ratio: float = 0.5,
        norm_outputs: bool = False,
        init_cfg: dict | list | None = None,
        **kwargs,
    ) -> None:
        for name, values in (('strides', strides), ('offsets', offsets)):
            if len(values) != len(in_channels):
                raise ConfigError(
                    f'{name}={tuple(values)}: expected one number for each of the {len(in_channels)} maps of '
                    f'in_channels={tuple(in_channels)}, got {len(values)}'
                )
        if strides[0] != 1:
            raise ConfigError(
                f"strides={tuple(strides)}: expected stride 1 for the first map, which has the image's resolution"
            )
        for name, value in (('pixels_per_image', pixels_per_image), ('chunk_size', chunk_size)):
            if value < 1:
                raise ConfigError(f'{name}={value}: expected at least 1 pixel')
        if norm_outputs and kwargs.get('norm_cfg') is None:
            raise ConfigError('norm_outputs=True: expected a norm_cfg, got norm_cfg=None')
        super().__init__(
            in_channels,
            channels,
            num_classes=num_classes,
            in_index=tuple(range(len(in_channels))),
            input_transform='multiple_select',
            dropout_ratio=0,
            init_cfg=init_cfg or dict(type='Normal', layer='Conv2d', std=0.001),
            **kwargs,
        )
        self.pixels_per_image = pixels_per_image
        self.padding = padding
        self.strides = tuple(strides)
        self.offsets = tuple(offsets)
        self.chunk_size = chunk_size
        self.factorised = factorised
        self.fc1 = nn.Conv2d(sum(in_channels), channels, 1)
        self.fc2 = nn.Conv2d(channels, channels, 1)
        self.norm1, self.norm2 = (
            nn.Identity() if self.norm_cfg is None else build_norm_layer(self.norm_cfg, channels)[1] for _ in range(2)
        )
        self.norm_seg = build_norm_layer(self.norm_cfg, num_classes)[1] if norm_outputs else nn.Identity()
        # mmseg's heads drop whole channels (Dropout2d); the released network drops single values.
        self.dropout = nn.Dropout(dropout_ratio) if dropout_ratio > 0 else None

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Return the scores of every pixel.

        Args:
            inputs: maps (B, C_k, h_k, w_k) of the padded image, one for each of ``in_channels``.

        Returns:
            Scores (B, num_classes, H, W) for the image without padding.
        """
        height, width = self.image_size(inputs)
        rows, columns = (torch.arange(size, device=inputs[0].device) for size in (height, width))
        parts = self._first_layer_parts(inputs, self.chunk_size)
        return torch.cat(
            [
                self._classify(parts, partial(sum_on_grid, rows=chunk, columns=columns))
                for chunk in rows.split(max(1, self.chunk_size // width))
            ],
            dim=2,
        )

    def score_pixels(self, inputs: Sequence[Tensor], pixels: Tensor) -> Tensor:
        """Return the scores of selected pixels.

        Args:
            inputs: maps (B, C_k, h_k, w_k) of the padded image, one for each of ``in_channels``.
            pixels: flat indices ``y * W + x`` in the image without padding, (B, P).

        Returns:
            Scores (B, num_classes, P, 1).
        """
        points = pixel_coordinates(pixels, self.image_size(inputs)[1])
        return self._classify(self._first_layer_parts(inputs, pixels.shape[1]), partial(sum_at, points=points))

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: list[SegDataSample], train_cfg: dict) -> dict:
        """Return the losses of newly drawn pixels.

        The drawn pixels form images of ``pixels_per_image`` x 1 pixels, for which the stock head's losses, sampler and
        accuracy work unchanged.

        Args:
            inputs: maps (B, C_k, h_k, w_k) of the padded image, one for each of ``in_channels``.
            batch_data_samples: samples with the ground truth ``gt_sem_seg`` (1, H, W).
            train_cfg: unused, required by mmseg's interface.
        """
        labels = self._stack_batch_gt(batch_data_samples).squeeze(1)
        if labels.shape[1:] != self.image_size(inputs):
            raise ConfigError(
                f'padding={self.padding}: expected labels of the size {self.image_size(inputs)} that the maps have '
                f"without padding, got {tuple(labels.shape[1:])}; set padding to the backbone's"
            )
        pixels = draw_valid_pixels(labels, self.pixels_per_image, self.ignore_index)
        drawn = labels.flatten(1).gather(1, pixels)
        samples = [SegDataSample(gt_sem_seg=PixelData(data=row.view(1, -1, 1))) for row in drawn]
        return self.loss_by_feat(self.score_pixels(inputs, pixels), samples)

    def image_size(self, inputs: Sequence[Tensor]) -> tuple[int, int]:
        """Return (H, W) of the image without padding."""
        return tuple(cells - 2 * self.padding for cells in inputs[0].shape[2:])

    def _first_layer_parts(self, inputs: Sequence[Tensor], num_points: int) -> list[LinearPart]:
        size = self.image_size(inputs)
        features, offsets = zip(
            *(
                crop_to_image(feature, size, stride, offset - self.padding)
                for feature, stride, offset in zip(inputs, self.strides, self.offsets)
            )
        )
        return split_first_layer(features, self.fc1.weight, self.strides, offsets, num_points, self.factorised)

    def _classify(self, parts: list[LinearPart], interpolated_sum: Callable[..., Tensor]) -> Tensor:
        hidden = hypercolumn_linear(parts, interpolated_sum).add_(self.fc1.bias.view(1, -1, 1, 1))
        hidden = F.relu(self.norm1(hidden), inplace=True)  # in place: these are the head's largest tensors
        if self.dropout is not None:
            hidden = self.dropout(hidden)
        return self.norm_seg(self.cls_seg(F.relu(self.norm2(self.fc2(hidden)), inplace=True)))
