"""AlexNet with batch norm, of the gradient-boosting paper's ImageNet experiment."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mmgb.registry import MODELS

from .layers import BATCH_NORM, conv_layers, linear_layers, scaled
from .staged_backbone import StagedBackbone

CELLS = 6  # a side of the map that the fully connected layers take
MIN_SIZE = 63  # below it nothing is left after the third pool
ACTIVATION = dict(type='ReLU', inplace=True)


@MODELS.register_module()
class AlexNetBN(StagedBackbone):
    """AlexNet's convolutions and hidden fully connected layers (*Be Careful What You Backpropagate*, Table 2).

    The paper says "AlexNet with BN" and no more. Chosen: the one-column form of Krizhevsky (arXiv:1404.5997) in the
    shapes of torchvision's ``alexnet``, batch norm between every hidden layer and its ReLU, in place of the bias and
    of the original's local response normalisation; dropout where torchvision has it. He initialisation.

    The output layer is the head's: ``LinearClsHead(num_classes=1000, in_channels=4096)`` of mmpretrain, or mmgb's
    ``BoostedLinearClsHead``. Maps of other images than 224x224 are averaged to 6x6 cells, as in torchvision.

    Args:
        norm_cfg: normalisation after each convolution and hidden fully connected layer (``BN`` is ``BN1d`` there).
            None: biases instead, and the network is torchvision's.
        dropout_ratio: of the inputs of both fully connected layers.
        width: factor of all channel numbers, > 0.
        out_indices, frozen_stages, init_cfg: see :class:`StagedBackbone`. The five stages: up to each of the three
            max-pools (27x27x64, 13x13x192 and 6x6x256 for a 224x224 image), then each fully connected layer.

    Raises:
        ValueError: settings outside these ranges; in the forward pass, an image with a side below 63 pixels.
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
