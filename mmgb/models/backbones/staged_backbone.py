"""Base class of backbones that run their stages one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError

HE_INIT = dict(type='Kaiming', layer=['Conv2d', 'Linear'], mode='fan_in', bias=0)


def image_shape(images: Tensor) -> str:
    """Describe the shape of one image of a batch (N, C, H, W), such as ``3x32x32 (channels x height x width)``."""
    return 'x'.join(map(str, images.shape[1:])) + ' (channels x height x width)'


class StagedBackbone(BaseModule):
    """A chain of stages with selectable outputs and optionally frozen lower stages.

    It subclasses mmengine's ``BaseModule``, so either host can use it without the other one installed. Each
    ``stages.i`` is called once and returns one tensor, as RelayBP requires of sources and lowest modules.

    Args:
        stages: modules in execution order. Stages above the last of ``out_indices`` are dropped.
        stage_channels: number of output channels (feature map) or values (vector) of each stage.
        min_size: smallest allowed height and width of an image, in pixels. None: the subclass checks its images.
        out_indices: indices of the stages whose outputs ``forward`` returns, counted from 0 and returned in rising
            order. None: the last stage only.
        frozen_stages: number of lowest stages whose parameters and batch statistics stay fixed. -1 or 0: none.
        init_cfg: initialization config. None: Gaussian weights of variance 2 / fan-in and zero biases (He et al.,
            arXiv:1502.01852).

    Attributes:
        out_channels (tuple[int, ...]): channels or values of each output.

    Raises:
        ConfigError: if ``out_indices`` or ``frozen_stages`` doesn't fit the number of stages; in the forward pass, if
            an image has the wrong number of channels or is smaller than ``min_size``.
    """

    in_channels: ClassVar[int] = 3

    def __init__(
        self,
        stages: Sequence[nn.Module],
        stage_channels: Sequence[int],
        min_size: int | None,
        out_indices: Sequence[int] | None,
        frozen_stages: int,
        init_cfg: dict | list | None,
    ) -> None:
        super().__init__(init_cfg or dict(HE_INIT))
        count = len(stages)
        out_indices = (count - 1,) if out_indices is None else out_indices
        if not isinstance(out_indices, Sequence) or not out_indices or not set(out_indices) <= set(range(count)):
            raise ConfigError(f'out_indices={out_indices!r}: expected one or more stage indices from 0 to {count - 1}')
        if frozen_stages not in range(-1, count + 1):
            raise ConfigError(f'frozen_stages={frozen_stages!r}: expected 0 to {count} stages, or -1 for none')
        self.min_size = min_size
        self.out_indices = tuple(sorted(set(out_indices)))
        self.out_channels = tuple(stage_channels[index] for index in self.out_indices)
        self.frozen_stages = frozen_stages
        self.stages = nn.ModuleList(stages[: self.out_indices[-1] + 1])
        for stage in self._frozen():
            stage.requires_grad_(False)

    def _frozen(self) -> Sequence[nn.Module]:
        return self.stages[: max(self.frozen_stages, 0)]

    def train(self, mode: bool = True) -> StagedBackbone:
        """Set the training mode, keeping frozen stages in evaluation mode (fixed batch statistics, no dropout)."""
        super().train(mode)
        for stage in self._frozen():
            stage.eval()
        return self

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs of the stages ``out_indices`` for images (N, C, H, W)."""
        self.check_images(images)
        outputs, x = [], images
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in self.out_indices:
                outputs.append(x)
        return tuple(outputs)

    def check_images(self, images: Tensor) -> None:
        """Raise ConfigError if this network can't process images (N, C, H, W) of this shape."""
        if images.shape[1] != self.in_channels or min(images.shape[2:]) < self.min_size:
            raise ConfigError(
                f'{type(self).__name__}: expected images with {self.in_channels} channels and at least '
                f'{self.min_size}x{self.min_size} pixels, got {image_shape(images)}'
            )
