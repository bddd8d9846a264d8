"""The fully connected network of the gradient-boosting paper's MNIST experiment."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import MODELS

from .layers import linear_layers, scaled
from .staged_backbone import StagedBackbone


@MODELS.register_module()
class MLP(StagedBackbone):
    """The hidden layers of 784-392-50-10 (*Be Careful What You Backpropagate*, Table 1).

    The output layer is the head's: ``LinearClsHead(num_classes=10, in_channels=50)`` of mmpretrain, or mmgb's
    ``BoostedLinearClsHead``. Together they have 327,428 weights and 452 biases. Each hidden layer is a stage.

    The paper has ReLU, neither dropout nor batch norm, and repeated the experiment with other activations and
    initialisations, which it doesn't name; here the default is He initialisation, for the ReLU's sake.

    Args:
        in_features: values of an image, of all its channels and pixels.
        hidden_features: of each hidden layer.
        act_cfg: the hidden layers' activation, a config of a module.
        norm_cfg: normalisation before it, e.g. ``dict(type='BN1d')``, which replaces the biases.
        dropout_ratio: of each hidden layer's outputs.
        width: factor of ``hidden_features``, > 0.
        out_indices, frozen_stages, init_cfg: see :class:`StagedBackbone`.

    Raises:
        ValueError: a ``width`` that isn't positive; in the forward pass, images of another number of values.
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
        if images[0].numel() != self.in_features:
            shape = 'x'.join(map(str, images.shape[1:]))
            raise ConfigError(
                f'MLP got an image of {shape} = {images[0].numel()} values: expected in_features={self.in_features}'
            )
