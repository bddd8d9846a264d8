"""A network as a chain of stages, from which a config takes outputs, and whose lower ones it may freeze."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError

HE_INIT = dict(type='Kaiming', layer=['Conv2d', 'Linear'], mode='fan_in', bias=0)


class StagedBackbone(BaseModule):
    """Base class of the networks that run one stage after the other.

    It derives from mmengine's ``BaseModule``, since mmpretrain's ``BaseBackbone`` adds no more to it than that
    ``forward`` be defined: this way both hosts can use the networks, with neither needing the other. ``stages.i`` is a
    module that is called once and gives one tensor, as RelayBP wants its sources and lowest modules.

    Args:
        stages: the modules, in their order. Those above the last of ``out_indices`` are left out.
        stage_channels: what each gives: channels of a feature map, or values of a vector.
        min_size: pixels that each side of an image must have. None: subclasses check their images by themselves.
        out_indices: the stages whose outputs ``forward`` returns, from 0. None: the last one.
        frozen_stages: how many of the lowest stages keep their parameters and statistics, as in the hosts' VGG; -1
            or 0: none.
        init_cfg: None: Gaussian weights of variance 2 / fan-in and zero biases (He et al. 2015).

    Raises:
        ValueError: ``out_indices`` or ``frozen_stages`` that don't fit the number of stages; in the forward pass, an
            image smaller than ``min_size``.

    Attributes:
        out_channels: of the outputs, in their order.
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
            raise ConfigError(f'out_indices={out_indices!r}: expected some of the stages 0 to {count - 1}')
        if frozen_stages not in range(-1, count + 1):
            raise ConfigError(
                f'frozen_stages={frozen_stages!r}: expected a number of stages from 0 to {count}, or -1 for none'
            )
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
        """As in every module, but frozen stages keep batch norm's statistics, and drop nothing out."""
        super().train(mode)
        for stage in self._frozen():
            stage.eval()
        return self

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The outputs of the stages ``out_indices`` for images (N, C, H, W)."""
        self.check_images(images)
        outputs, x = [], images
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in self.out_indices:
                outputs.append(x)
        return tuple(outputs)

    def check_images(self, images: Tensor) -> None:
        """Raise a ValueError for images that this network can't take."""
        if images.shape[1] != self.in_channels or min(images.shape[2:]) < self.min_size:
            channels, height, width = images.shape[1:]
            raise ConfigError(
                f'{type(self).__name__} got an image of {channels}x{height}x{width} (channels, height, '
                f'width): expected {self.in_channels} channels and at least '
                f'{self.min_size}x{self.min_size} pixels'
            )
