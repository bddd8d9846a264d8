"""The two convolutional networks of the gradient-boosting paper's CIFAR-10 experiments."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from .layers import BATCH_NORM, conv_layers, scaled
from .staged_backbone import StagedBackbone

SIZE = 32


def five_layers(width: float, norm_cfg: dict | None) -> tuple[list[nn.Sequential], list[int]]:
    """The four convolutions in two stages, and their channels."""
    stages, channels, before = [], [], 3
    for after in (scaled(64, width), scaled(128, width)):
        stages.append(
            nn.Sequential(
                *conv_layers(before, after, 3, norm_cfg), *conv_layers(after, after, 3, norm_cfg), nn.MaxPool2d(2)
            )
        )
        channels.append(after)
        before = after
    return stages, channels


def ten_layers(width: float, norm_cfg: dict | None, class_maps: int) -> tuple[list[nn.Sequential], list[int]]:
    """The nine convolutions of All-CNN-C in three stages, and their channels."""
    narrow, wide = scaled(96, width), scaled(192, width)
    stages, before = [], 3
    for after in (narrow, wide):
        stages.append(
            nn.Sequential(
                *conv_layers(before, after, 3, norm_cfg),
                *conv_layers(after, after, 3, norm_cfg),
                *conv_layers(after, after, 3, norm_cfg, stride=2),
            )
        )
        before = after
    stages.append(
        nn.Sequential(
            *conv_layers(wide, wide, 3, norm_cfg, padding=0),
            *conv_layers(wide, wide, 1, norm_cfg),
            *conv_layers(wide, class_maps, 1, norm_cfg),
        )
    )
    return stages, [narrow, wide, class_maps]


@MODELS.register_module()
class CifarConvNet(StagedBackbone):
    """The convolutions of the 5- and of the 10-layer network (*Be Careful What You Backpropagate*, Sections 2 and 3.1).

    - ``depth=5``: "four convolutional layers followed by an affine output layer", sizes not given. Chosen: 3x3, twice
      64 and twice 128 channels, a 2x2 max-pool after each pair; 8,192 values remain.
    - ``depth=10``: "following the principle presented in [Springenberg et al.]", with batch norm, average pooling
      replaced by a fully connected layer. Chosen: All-CNN-C of that paper (arXiv:1412.6806, Table 1), whose nine
      convolutions and the new layer make ten: 3x3x96 three times, the third with stride 2, 3x3x192 likewise, 3x3x192
      unpadded, 1x1x192 and 1x1 with one channel per class; 360 values remain. Without that paper's dropout.

    The affine layer is the head's (``LinearClsHead`` of mmpretrain, mmgb's ``BoostedLinearClsHead``; ``in_channels`` as
    above). "Batch normalization in all layers" can be read as on the outputs too, but the paper calls them linear:
    normalised ones have each class's scores at one mean and variance over the batch, while the fit asks for any, and a
    sample's scores depend on the others in it. For that reading mmpretrain's ``LinearNeck`` gives the scores.

    Args:
        depth: 5 or 10.
        num_classes: the channels of the 10-layer network's ninth convolution.
        norm_cfg: normalisation after each convolution, instead of its bias. None: a bias.
        width: factor of all channel numbers but ``num_classes``, > 0.
        out_indices, frozen_stages, init_cfg: see :class:`StagedBackbone`. The convolutions are 2 and 3 stages, each
            ending where the map shrinks; the last of them gives a vector.

    Raises:
        ValueError: settings outside these ranges; in the forward pass, images other than 3x32x32.
    """

    def __init__(
        self,
        depth: int,
        num_classes: int = 10,
        norm_cfg: dict | None = BATCH_NORM,
        width: float = 1.0,
        out_indices: Sequence[int] | None = None,
        frozen_stages: int = -1,
        init_cfg: dict | list | None = None,
    ) -> None:
        if depth not in (5, 10):
            raise ConfigError(f'depth={depth!r}: expected 5 or 10')
        if depth == 5:
            stages, channels = five_layers(width, norm_cfg)
            cells = (SIZE // 4) ** 2
        else:
            stages, channels = ten_layers(width, norm_cfg, num_classes)
            cells = (SIZE // 4 - 2) ** 2
        stages[-1].append(nn.Flatten())
        channels[-1] *= cells
        super().__init__(stages, channels, SIZE, out_indices, frozen_stages, init_cfg)

    def check_images(self, images: Tensor) -> None:
        if tuple(images.shape[1:]) != (3, SIZE, SIZE):
            shape = 'x'.join(map(str, images.shape[1:]))
            raise ConfigError(
                f'CifarConvNet got an image of {shape} (channels, height, width): expected 3x{SIZE}x{SIZE}'
            )
