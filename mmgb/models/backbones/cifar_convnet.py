"""Convolutional backbones of the gradient-boosting paper's CIFAR-10 experiments."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from .layers import BATCH_NORM, conv_layers, scaled
from .staged_backbone import StagedBackbone, image_shape

SIZE = 32  # height and width of an image, in pixels


def five_layers(width: float, norm_cfg: dict | None) -> tuple[list[nn.Sequential], list[int]]:
    """Return the two stages (four convolutions) of the 5-layer network, and the channels of each stage."""
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
    """Return the three stages (nine convolutions, All-CNN-C) of the 10-layer network, and the channels of each."""
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
    """Convolutions of the 5- and 10-layer networks (*Be Careful What You Backpropagate*, Sections 2 and 3.1).

    - ``depth=5``: the paper says "four convolutional layers followed by an affine output layer" and gives no sizes.
      mmgb uses 3x3 kernels with 64, 64, 128 and 128 channels and a 2x2 max-pool after each pair. The output has 8,192
      values.
    - ``depth=10``: the paper follows "the principle presented in [Springenberg et al.]", adds batch normalization and
      replaces average pooling with a fully connected layer. mmgb uses All-CNN-C (arXiv:1412.6806, Table 1) without its
      dropout. The nine convolutions are 3x3x96 three times, 3x3x192 three times (the third of each triple has stride
      2), 3x3x192 unpadded, 1x1x192, and 1x1 with one channel per class. The output has 360 values for ten classes.

    The head holds the affine layer: mmpretrain's ``LinearClsHead`` or mmgb's ``BoostedLinearClsHead``, with
    ``in_channels`` equal to the number of values above.

    "Batch normalization in all layers" could include the outputs, but the paper calls them linear, so mmgb leaves them
    unnormalized. Normalization would fix the mean and variance of each class's scores over the batch, and each sample's
    scores would depend on the rest of the batch. For that reading, compute the scores with mmpretrain's ``LinearNeck``.

    The 5-layer network has two stages and the 10-layer network three. Each stage ends where the map shrinks, and the
    last one returns a vector.

    Args:
        depth: number of layers with weights, the head's affine layer included: 5 or 10.
        num_classes: number of channels of the 10-layer network's ninth convolution. Unused if ``depth=5``.
        norm_cfg: config of the normalization after each convolution, which replaces its bias. None: biases instead.
        width: factor applied to all channel numbers except ``num_classes``, > 0.
        out_indices: indices of the returned stages, see :class:`StagedBackbone`.
        frozen_stages: number of frozen stages, see :class:`StagedBackbone`.
        init_cfg: initialization config, see :class:`StagedBackbone`.

    Raises:
        ConfigError: if an argument is outside its range; in the forward pass, if images are not 3x32x32.
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
        """Raise ConfigError unless images are 3x32x32."""
        if tuple(images.shape[1:]) != (3, SIZE, SIZE):
            raise ConfigError(f'CifarConvNet: expected images of 3x{SIZE}x{SIZE}, got {image_shape(images)}')
