"""Initialise a head's last layer where its loss fits a uniform prior over the classes."""

from __future__ import annotations

from mmengine.model import update_init_info
from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.losses.matched_units import classes_of_outputs
from mmgb.registry import WEIGHT_INITIALIZERS


@WEIGHT_INITIALIZERS.register_module()
class FitPrior:
    """Set the bias of the last layer to the score that fits a uniform prior over the classes.

    A boosted loss is far from its fit at zero outputs: with targets {0, 16} the delta of the target class is -15.9 for
    every sample, and the first steps only move the outputs towards the fit, past it, and back. For a loss without such
    a score (cross-entropy is fitted by any equal biases) the bias is zero, so that one config suits every loss.

    Use it in any head after the initialiser of the weights:
    ``init_cfg=[dict(type='Normal', …), dict(type='mmgb.FitPrior', layer='conv_seg')]``.

    Args:
        layer (str): name of the head's last layer: ``conv_seg`` in mmseg's heads, ``fc`` in mmpretrain's linear head,
            ``layers.head`` in its vision transformer's.

    Raises:
        ConfigError: when the model is initialised, if the head has no such layer, or one without a bias.
    """

    def __init__(self, layer: str) -> None:
        self.layer = layer

    def __call__(self, head: nn.Module) -> None:
        layers = {name: layer for name, layer in head.named_modules() if getattr(layer, 'bias', None) is not None}
        layer = layers.get(self.layer)
        if layer is None:
            raise ConfigError(
                f'layer={self.layer!r}: expected a layer of {type(head).__name__} with a bias, one of {list(layers)}'
            )
        loss = head.loss_decode if hasattr(head, 'loss_decode') else head.loss_module
        if isinstance(loss, nn.ModuleList):  # a head with several losses fits the first one
            loss = loss[0]
        score = (
            loss.score_of(1 / classes_of_outputs(len(layer.bias)), num_classes=len(layer.bias))
            if hasattr(loss, 'score_of')
            else 0.0
        )
        nn.init.constant_(layer.bias, score)
        if hasattr(layer, '_params_init_info'):
            update_init_info(layer, init_info=f'FitPrior: bias={score:.4g}')
