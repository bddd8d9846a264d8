"""Train one step of a config's model, without and with a relay, on made images on a CPU."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmgb.apis.runner import BUILD_ERRORS
from mmgb.functional.errors import ConfigError
from mmgb.models.relay_bp.auxiliary_losses import MISFITS
from mmgb.recipes.stand_ins import channels_of, drop_missing_weights, numbers_of_classes
from mmgb.registry import MODELS
from mmgb.utils.errors import one_line

from .overrides import Expression, plain
from .trial_batch import CLASSES, trial_batch, trial_side
from .units import Unit, UnitTrace

IMAGES = 2  # of the step; batch norm on pooled maps needs two


class Network(NamedTuple):
    """Structure of a network that a training step of it shows.

    Attributes:
        units: modules through which everything passes.
        auxiliary_input: path of the module that feeds the model's own auxiliary head, None if it has none.
    """

    units: list[Unit]
    auxiliary_input: str | None


class RelayTrial:
    """One training step of a config's model on made images, on a CPU and with random weights.

    Args:
        cfg (Config): config of a host; it is not changed.
    """

    def __init__(self, cfg: Config) -> None:
        self.host = cfg.get('default_scope') or 'mmengine'
        self.model = plain(cfg.model)
        self.side, self.channels = trial_side(cfg), channels_of(cfg)
        drop_missing_weights(self.model)
        preprocessor = self.model.get('data_preprocessor') or plain(cfg.get('data_preprocessor'))
        self.model['data_preprocessor'] = preprocessor
        if 'size' in (preprocessor or {}):
            preprocessor.update(size=(self.side, self.side), size_divisor=None)

    def trace(self) -> Network:
        """Return the structure that a step of the plain model shows.

        Raises:
            ConfigError: if the model can't be built or trained here.
        """
        with DefaultScope.overwrite_default_scope(self.host):
            network = self._build(self.model)
            read = _record_auxiliary_input(network)
            trace = UnitTrace(network)
            losses = self._loss(network)
            trace.remove_hooks()
        return Network(trace.units(losses), trace.path_of(read[0]) if read else None)

    def check(self, relay: dict) -> None:
        """Build the model with the relay and compute its losses, which checks the ranges.

        Raises:
            ConfigError: if the relay can't be gated or a head does not take its source.
        """
        base = copy.deepcopy(self.model)
        (auxiliary,) = copy.deepcopy(relay['auxiliaries'])
        if isinstance(auxiliary['head'], Expression):
            auxiliary['head'] = dict(base['auxiliary_head'], in_index=0)
            base['auxiliary_head'] = None
        with DefaultScope.overwrite_default_scope(self.host):
            self._loss(self._build(dict(relay, model=base, auxiliaries=[auxiliary])))

    def _build(self, config: dict) -> nn.Module:
        try:
            return revert_sync_batchnorm(MODELS.build(copy.deepcopy(config))).train()
        except ConfigError:
            raise
        except (*BUILD_ERRORS, RuntimeError) as error:  # which mmcv raises for operators that are not compiled
            raise ConfigError(f'model: expected one that can be built here, got {one_line(error)}') from error

    def _loss(self, network: nn.Module) -> list[Tensor]:
        classes = min((number for number in numbers_of_classes(self.model) if number > 1), default=CLASSES)
        generator = torch.Generator().manual_seed(0)
        batch = trial_batch(self.host, self.side, IMAGES, generator, channels=self.channels, classes=classes)
        try:
            data = network.data_preprocessor(batch, True)
            losses = network.loss(data['inputs'], data['data_samples'])
        except ConfigError:
            raise
        except (*MISFITS, AttributeError) as error:  # of models that train on masks or several views of an image
            raise ConfigError(
                f'model: expected one that trains on {IMAGES} images of {self.side}x{self.side} pixels here, to find '
                f'its modules, got {one_line(error)}'
            ) from error
        found = [value for name, value in losses.items() if 'loss' in name]
        return [each for value in found for each in (value if isinstance(value, (list, tuple)) else [value])]


def _record_auxiliary_input(network: nn.Module) -> list[Tensor]:
    """Return a list that a training step fills with the feature map that the network's single auxiliary head reads."""
    own, read = getattr(network, 'auxiliary_head', None), []
    if not isinstance(own, nn.Module) or not isinstance(getattr(own, 'in_index', None), int):
        return read
    loss = own.loss  # mmseg's heads call forward() themselves, so hooks would not run

    def recorded(features: Any, *args: Any, **kwargs: Any) -> dict:
        read.append(features[own.in_index])
        return loss(features, *args, **kwargs)

    own.loss = recorded
    return read
