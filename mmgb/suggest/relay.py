"""Suggest Relay Backpropagation for a config: its source, the range of each loss, and the auxiliary head."""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.models.relay_bp.auxiliary_losses import MISFITS
from mmgb.recipes.stand_ins import drop_missing_weights, numbers_of_classes
from mmgb.registry import MODELS
from mmgb.utils.errors import one_line

from .default_losses import with_default_losses
from .losses import LOSS_TYPES, REPLACED, THRESHOLD_OF_SIGMOIDS, type_name
from .overrides import Expression, plain
from .relay_ranges import choose_ranges
from .suggestion import Suggestion
from .trial_batch import trial_batch, trial_side
from .units import Unit, UnitTrace

IMAGES = 2  # of the trial step; batch norm on pooled maps needs two
POOLED_SIZE = 4  # default of AuxiliaryClsHead
PLAIN_HEAD = dict(type='FCNHead', in_index=0, num_convs=1, concat_input=False, dropout_ratio=0.1)


class Network(NamedTuple):
    """Structure of a network that a training step of it shows.

    Attributes:
        units: modules through which everything passes.
        auxiliary_input: path of the module that feeds the model's own auxiliary head, None if it has none.
    """

    units: list[Unit]
    auxiliary_input: str | None


def suggest_relay(cfg: Config) -> Suggestion:
    """Suggest a relay with one auxiliary loss, and check it by one training step of the whole model on made images.

    An auxiliary head of the config becomes that of the relay and keeps its place. Without one, the source is chosen
    from the network's depth (:mod:`mmgb.suggest.relay_ranges`).

    Args:
        cfg (Config): config of mmsegmentation or mmpretrain.

    Raises:
        ConfigError: if the model can't be trained here, or no ranges can be gated; the message has the reason.
    """
    model = plain(cfg.model)
    if type_name(model) == 'RelayBP':
        raise ConfigError("model.type='mmgb.RelayBP': expected a model without relays")
    if type_name(model.get('head') or {}) in THRESHOLD_OF_SIGMOIDS:
        raise ConfigError(
            f'model.head={type_name(model["head"])}: expected one label per image, as AuxiliaryClsHead takes it'
        )
    trial = Trial(cfg)
    network = trial.trace()
    own_head = isinstance(model.get('auxiliary_head'), dict)
    if own_head and network.auxiliary_input is None:
        raise ConfigError(
            'model.auxiliary_head: expected a head that reads the output of one module of the backbone, got another'
        )
    source, lowest = choose_ranges(network.units, network.auxiliary_input)
    inner = Expression('dict(_base_.model, auxiliary_head=None)' if own_head else '_base_.model')
    head = auxiliary_head(cfg, source)
    relay = dict(
        type='mmgb.RelayBP',
        model=inner,
        auxiliaries=[dict(source=source.path, head=head)],
        primary_lowest=lowest.path,
    )
    if own_head:
        relay['auxiliaries'][0].update(
            head=Expression('dict(_base_.model.auxiliary_head, in_index=0)'), loss_weight=1.0
        )
    trial.check(relay)
    notes = [
        f'auxiliary loss: from {source.path} ({source.ends:.0%} of the depth) down, {describe_head(own_head)}',
        f'primary loss: from {lowest.path} ({lowest.begins:.0%} of the depth) up; the ranges overlap between the two',
        'checked: one training step on made images, with every gate of the relay',
        "learning rate: unchanged; in the grids of docs/RESULTS.md relay's best rate was within a factor of two of "
        "multi-loss's and of plain backpropagation's. Relay did not lower the error there (configs/relay_bp)",
    ]
    return Suggestion(
        'Relay Backpropagation, with nothing else changed.', dict(model=dict(_delete_=True, **relay)), notes
    )


def describe_head(own_head: bool) -> str:
    """Return the note about the auxiliary head."""
    if own_head:
        return "by the config's own auxiliary head with its own weight"
    return 'with the weight 0.3 of the paper'


def auxiliary_head(cfg: Config, source: Unit) -> dict:
    """Return the config of an auxiliary head on a feature map, with the loss of the model's own head."""
    model = with_default_losses(plain(cfg.model), cfg.get('default_scope'))
    if 'decode_head' in model:
        heads = model['decode_head']
        own = heads[-1] if isinstance(heads, list) else heads
        kept = {key: own[key] for key in ('num_classes', 'norm_cfg', 'align_corners', 'loss_decode') if key in own}
        return dict(PLAIN_HEAD, in_channels=source.channels, channels=max(1, source.channels // 4), **kept)
    own = model.get('head') or {}
    head = dict(
        type='mmgb.AuxiliaryClsHead', num_classes=max(numbers_of_classes(model), default=0), in_channels=source.channels
    )
    if min(source.size) < POOLED_SIZE:
        head['pooled_size'] = min(source.size)
    if type_name(own.get('loss') or {}) in (*REPLACED, *(name.rpartition('.')[2] for name in LOSS_TYPES.values())):
        head['loss'] = own['loss']
    return head


class Trial:
    """One training step of a config's model on made images, on a CPU and with random weights.

    Args:
        cfg (Config): config of a host; it is not changed.
    """

    def __init__(self, cfg: Config) -> None:
        self.host = cfg.get('default_scope') or 'mmengine'
        self.model = plain(cfg.model)
        self.side = trial_side(cfg)
        drop_missing_weights(self.model)
        preprocessor = self.model.get('data_preprocessor') or plain(cfg.get('data_preprocessor'))
        self.model['data_preprocessor'] = preprocessor
        if 'size' in (preprocessor or {}):
            preprocessor.update(size=(self.side, self.side), size_divisor=None)

    def trace(self) -> Network:
        """Return what a step of the plain model shows."""
        network = self._build(self.model)
        own, inputs = getattr(network, 'auxiliary_head', None), []
        if isinstance(own, nn.Module) and not isinstance(own, nn.ModuleList):
            loss = own.loss  # mmseg's heads call forward() directly, so hooks would not run
            own.loss = lambda features, *args, **kwargs: inputs.append(features) or loss(features, *args, **kwargs)
        trace = UnitTrace(network)
        losses = self._loss(network)
        trace.remove_hooks()
        several = not inputs or not isinstance(own.in_index, int)
        return Network(trace.units(losses), None if several else trace.path_of(inputs[0][own.in_index]))

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
        self._loss(self._build(dict(relay, model=base, auxiliaries=[auxiliary])))

    def _build(self, config: dict) -> nn.Module:
        with DefaultScope.overwrite_default_scope(self.host):
            return revert_sync_batchnorm(MODELS.build(copy.deepcopy(config))).train()

    def _loss(self, network: nn.Module) -> list[Tensor]:
        batch = trial_batch(self.host, self.side, IMAGES, torch.Generator().manual_seed(0))
        try:
            with DefaultScope.overwrite_default_scope(self.host):
                data = network.data_preprocessor(batch, True)
                losses = network.loss(data['inputs'], data['data_samples'])
        except ConfigError:
            raise
        except MISFITS as error:
            raise ConfigError(
                f'relay: expected a model that trains on {IMAGES} images of {self.side}x{self.side} pixels here, to '
                f'find its modules, got {one_line(error)}'
            ) from error
        found = [value for name, value in losses.items() if 'loss' in name]
        return [each for value in found for each in (value if isinstance(value, (list, tuple)) else [value])]
