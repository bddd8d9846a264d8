"""AlexNet with batch normalization, the backbone of the gradient-boosting paper's ImageNet experiment."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mmgb.registry import MODELS

from .layers import BATCH_NORM, conv_layers, linear_layers, scaled
from .staged_backbone import StagedBackbone

CELLS = 6  # side of the map in front of the fully connected layers
MIN_SIZE = 63  # smaller images leave no cell after the third max-pool
ACTIVATION = dict(type='ReLU', inplace=True)


@MODELS.register_module()
class AlexNetBN(StagedBackbone):
    """AlexNet's convolutions and hidden fully connected layers (*Be Careful What You Backpropagate*, Table 2).

    The paper only says "AlexNet with BN". mmgb uses the one-column form of Krizhevsky (arXiv:1404.5997) with the
    shapes of torchvision's ``alexnet``. Batch normalization between each hidden layer and its ReLU replaces the bias
    and the original's local response normalization. Dropout is where torchvision has it, and He initialization is the
    default.

    The head holds the output layer: mmpretrain's ``LinearClsHead(num_classes=1000, in_channels=4096)`` or mmgb's
    ``BoostedLinearClsHead``. If the image is not 224x224, the last map is average-pooled to 6x6 cells, as in
    torchvision.

    The network has five stages. The first three end after a max-pool, with maps of 27x27x64, 13x13x192 and 6x6x256 for
    a 224x224 image. The last two are the fully connected layers with 4,096 units each.

    Args:
        norm_cfg: config of the normalization after each convolution and hidden fully connected layer; ``BN`` becomes
            ``BN1d`` for the latter. None: biases instead, as in torchvision's network.
        dropout_ratio: dropout probability of both fully connected layers' inputs.
        width: factor applied to all channel numbers, > 0.
        out_indices: indices of the returned stages, see :class:`StagedBackbone`.
        frozen_stages: number of frozen stages, see :class:`StagedBackbone`.
        init_cfg: initialization config, see :class:`StagedBackbone`.

    Raises:
        ConfigError: if an argument is outside its range; in the forward pass, if a side of the image is shorter than
            63 pixels.
    """

    def __init__(
        self,
        norm_cfg: dict | None = BATCH_NORM,
        dropout_ratio: float = 0.5,
        width: float = 1.0,
        out_indices: Sequence[int] | None = None,
        frozen_stages: int = -1,
        init_cfg: dict | list | None = None,
    ) -> None:
        conv1, conv2, conv3, conv4, conv5, fc6, fc7 = (
            scaled(channels, width) for channels in (64, 192, 384, 256, 256, 4096, 4096)
        )
        stages = [
            nn.Sequential(*conv_layers(3, conv1, 11, norm_cfg, stride=4, padding=2), nn.MaxPool2d(3, 2)),
            nn.Sequential(*conv_layers(conv1, conv2, 5, norm_cfg), nn.MaxPool2d(3, 2)),
            nn.Sequential(
                *conv_layers(conv2, conv3, 3, norm_cfg),
                *conv_layers(conv3, conv4, 3, norm_cfg),
                *conv_layers(conv4, conv5, 3, norm_cfg),
                nn.MaxPool2d(3, 2),
            ),
            nn.Sequential(
                nn.AdaptiveAvgPool2d(CELLS),
                nn.Flatten(),
                nn.Dropout(dropout_ratio),
                *linear_layers(conv5 * CELLS**2, fc6, norm_cfg, ACTIVATION),
            ),
            nn.Sequential(nn.Dropout(dropout_ratio), *linear_layers(fc6, fc7, norm_cfg, ACTIVATION)),
        ]
        super().__init__(stages, (conv1, conv2, conv5, fc6, fc7), MIN_SIZE, out_indices, frozen_stages, init_cfg)
