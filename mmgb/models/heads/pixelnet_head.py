"""PixelNet's multi-layer perceptron over hypercolumns, as a decode head of mmsegmentation."""

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
    interpolate_at,
    interpolate_grid,
    pixel_coordinates,
    split_first_layer,
)
from mmgb.registry import MODELS


@MODELS.register_module()
class PixelNetHead(BaseDecodeHead):
    """A perceptron with two hidden layers on each pixel's hypercolumn (Bansal et al., arXiv:1702.06506, Section 3).

    In training it sees ``pixels_per_image`` valid pixels of each image, drawn anew at each step; in testing every
    pixel, in pieces of about ``chunk_size``. The hypercolumn is not built (:mod:`mmgb.functional.hypercolumn`).

    Args:
        in_channels: of each map, in the order of ``PixelNetVGG``'s outputs. The first map must have stride 1: its
            size less the padding is the image's.
        channels: of the two hidden layers; 4096 in the paper.
        num_classes: as in every decode head.
        pixels_per_image: drawn in each training step; 2,000 in the paper.
        padding: the backbone's.
        strides: pixels between two cells of each map.
        offsets: where the centre of each map's cell 0 lies, in pixels of the padded image. The default for fc7 is
            where a 7x7 kernel at stride 32 has its centre; the released analysis files use stride 224 instead.
        chunk_size: pixels an image evaluated at once when predicting all of them, in whole rows. Bounds the memory.
        factorised: False builds the literal hypercolumn, for comparison.
        dropout_ratio: of the hidden layers' outputs, elementwise.
        norm_outputs: True normalises the scores too, by ``norm_cfg``, over all pixels of the batch.
        init_cfg: by default the release's gaussian of 0.001 and zero biases.
        others: see mmseg's ``BaseDecodeHead`` (``loss_decode``, ``ignore_index``, ``sampler``, …); with ``norm_cfg``
            both hidden layers are normalised, the paper's are not.

    Raises:
        ValueError: other numbers of ``strides``, ``offsets`` and ``in_channels``, numbers below 1, ``norm_outputs``
            without a ``norm_cfg``, and a ``padding`` that isn't the backbone's.
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
                    f'{name}={tuple(values)}: {len(values)} numbers for the {len(in_channels)} maps of '
                    f'in_channels={tuple(in_channels)}; expected one for each'
                )
        if strides[0] != 1:
            raise ConfigError(f"strides={tuple(strides)}: the first map must have the image's resolution, stride 1")
        for name, value in (('pixels_per_image', pixels_per_image), ('chunk_size', chunk_size)):
            if value < 1:
                raise ConfigError(f'{name}={value}: expected at least 1 pixel')
        if norm_outputs and kwargs.get('norm_cfg') is None:
            raise ConfigError('norm_outputs=True needs a norm_cfg, got norm_cfg=None')
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
        # mmseg's heads drop whole channels (Dropout2d); the release drops single values.
        self.dropout = nn.Dropout(dropout_ratio) if dropout_ratio > 0 else None

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """Scores of every pixel: maps of the padded image to (B, num_classes, H, W)."""
        height, width = self.image_size(inputs)
        rows, columns = (torch.arange(size, device=inputs[0].device) for size in (height, width))
        parts = self._first_layer_parts(inputs, self.chunk_size)
        return torch.cat(
            [
                self._classify(parts, partial(interpolate_grid, rows=chunk, columns=columns))
                for chunk in rows.split(max(1, self.chunk_size // width))
            ],
            dim=2,
        )

    def score_pixels(self, inputs: Sequence[Tensor], pixels: Tensor) -> Tensor:
        """Scores of chosen pixels: flat indices ``y * W + x`` of (B, P) to (B, num_classes, P, 1)."""
        points = pixel_coordinates(pixels, self.image_size(inputs)[1])
        return self._classify(self._first_layer_parts(inputs, pixels.shape[1]), partial(interpolate_at, points=points))

    def loss(self, inputs: Sequence[Tensor], batch_data_samples: list[SegDataSample], train_cfg: dict) -> dict:
        """Losses of pixels drawn anew. They form an image of P x 1 pixels, on which the stock head's own losses,
        sampler and accuracy work unchanged."""
        labels = self._stack_batch_gt(batch_data_samples).squeeze(1)
        if labels.shape[1:] != self.image_size(inputs):
            raise ConfigError(
                f'padding={self.padding}: with it the maps are those of an image of '
                f'{self.image_size(inputs)} pixels, but its labels are {tuple(labels.shape[1:])}; '
                "the head's padding must be the backbone's"
            )
        pixels = draw_valid_pixels(labels, self.pixels_per_image, self.ignore_index)
        drawn = labels.flatten(1).gather(1, pixels)
        samples = [SegDataSample(gt_sem_seg=PixelData(data=row.view(1, -1, 1))) for row in drawn]
        return self.loss_by_feat(self.score_pixels(inputs, pixels), samples)

    def image_size(self, inputs: Sequence[Tensor]) -> tuple[int, int]:
        """(H, W) of the image without its padding."""
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

    def _classify(self, parts: list[LinearPart], interpolate: Callable[..., Tensor]) -> Tensor:
        hidden = F.relu(self.norm1(hypercolumn_linear(parts, interpolate) + self.fc1.bias.view(1, -1, 1, 1)))
        if self.dropout is not None:
            hidden = self.dropout(hidden)
        return self.norm_seg(self.cls_seg(F.relu(self.norm2(self.fc2(hidden)))))
