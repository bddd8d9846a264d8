"""Fully connected backbone of the gradient-boosting paper's MNIST experiment."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from .layers import linear_layers, scaled
from .staged_backbone import StagedBackbone, image_shape


@MODELS.register_module()
class MLP(StagedBackbone):
    """Hidden layers of the perceptron 784-392-50-10 (*Be Careful What You Backpropagate*, Table 1).

    The head holds the output layer: mmpretrain's ``LinearClsHead(num_classes=10, in_channels=50)`` or mmgb's
    ``BoostedLinearClsHead``. Together they have 327,428 weights and 452 biases. Each hidden layer is one stage.

    The paper uses ReLU without dropout or batch normalization. It also reports runs with other activations and
    initializations without naming them. mmgb defaults to He initialization because it suits ReLU.

    Args:
        in_features: number of values of an image, channels times pixels.
        hidden_features: number of units of each hidden layer.
        act_cfg: config of the hidden layers' activation. None: ReLU.
        norm_cfg: config of the normalization before each activation, such as ``dict(type='BN1d')``. It replaces the
            biases. None: no normalization.
        dropout_ratio: dropout probability of each hidden layer's outputs.
        width: factor applied to ``hidden_features``, > 0.
        out_indices: indices of the returned stages, see :class:`StagedBackbone`.
        frozen_stages: number of frozen stages, see :class:`StagedBackbone`.
        init_cfg: initialization config, see :class:`StagedBackbone`.

    Raises:
        ConfigError: if ``width`` is not positive; in the forward pass, if an image does not hold ``in_features``
            values.
    """

    def __init__(
        self,
        in_features: int = 784,
        hidden_features: Sequence[int] = (392, 50),
        act_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        dropout_ratio: float = 0.0,
        width: float = 1.0,
        out_indices: Sequence[int] | None = None,
        frozen_stages: int = -1,
        init_cfg: dict | list | None = None,
    ) -> None:
        features = [in_features, *(scaled(size, width) for size in hidden_features)]
        stages = []
        for before, after in zip(features, features[1:]):
            layers = linear_layers(before, after, norm_cfg, act_cfg or dict(type='ReLU'))
            stages.append(nn.Sequential(*layers, nn.Dropout(dropout_ratio)))
        stages[0].insert(0, nn.Flatten())
        super().__init__(stages, features[1:], None, out_indices, frozen_stages, init_cfg)
        self.in_features = in_features

    def check_images(self, images: Tensor) -> None:
        """Raise ConfigError unless each image holds ``in_features`` values."""
        if images[0].numel() != self.in_features:
            raise ConfigError(
                f'in_features={self.in_features}: expected images with {self.in_features} values, got '
                f'{images[0].numel()} from {image_shape(images)}'
            )
