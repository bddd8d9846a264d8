"""Suggest Relay Backpropagation for a config: its source, the range of each loss, and the auxiliary head."""

from __future__ import annotations

from mmengine.config import Config

from mmgb.apis.config import type_name
from mmgb.functional.errors import ConfigError
from mmgb.recipes.stand_ins import numbers_of_classes

from .default_losses import with_default_losses
from .kept_losses import REPLACED
from .losses import LOSS_TYPES, MULTI_LABEL_HEADS
from .overrides import Expression, plain
from .relay_ranges import choose_ranges
from .relay_trial import RelayTrial
from .suggestion import Suggestion
from .type_names import type_names
from .units import Unit

POOLED_SIZE = 4  # default of AuxiliaryClsHead
PLAIN_HEAD = dict(type='FCNHead', in_index=0, num_convs=1, concat_input=False, dropout_ratio=0.1)
OWN_HEAD = 'auxiliary_head.'  # beginning of the names of its parameters in a segmentor
# Settings of the decode head that an auxiliary head needs to give the same outputs for the same labels.
OUTPUT_SETTINGS = ('num_classes', 'out_channels', 'threshold', 'ignore_index', 'loss_decode')


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
    head_types = type_names(model.get('head') or {}, cfg.get('default_scope'))
    if any(name in MULTI_LABEL_HEADS for name in head_types):
        raise ConfigError(
            f'model.head={type_name(model["head"])}: expected one label per image, as AuxiliaryClsHead takes it'
        )
    trial = RelayTrial(cfg)
    network = trial.trace()
    own_head = isinstance(model.get('auxiliary_head'), dict)
    if own_head and network.auxiliary_input is None:
        raise ConfigError(
            'model.auxiliary_head: expected a head that reads the output of one module of the backbone, got another'
        )
    source, lowest = choose_ranges(network.units, network.auxiliary_input)
    if own_head:
        inner = Expression('dict(_base_.model, auxiliary_head=None)')
        head, weight = Expression('dict(_base_.model.auxiliary_head, in_index=0)'), dict(loss_weight=1.0)
        by = "by the config's own auxiliary head with its own weight"
    else:
        inner, head, weight = Expression('_base_.model'), auxiliary_head(cfg, source), {}
        by = 'with the weight 0.3 of the paper'
    relay = dict(
        type='mmgb.RelayBP',
        model=inner,
        auxiliaries=[dict(source=source.path, head=head, **weight)],
        primary_lowest=lowest.path,
    )
    trial.check(relay)
    notes = [
        f'auxiliary loss: from {source.path} ({source.ends:.0%} of the depth) down, {by}',
        f'primary loss: from {lowest.path} ({lowest.begins:.0%} of the depth) up; the ranges overlap between the two',
        'checked: one training step on made images, with every gate of the relay',
        "learning rate: unchanged; in the grids of docs/RESULTS.md relay's best rate was within a factor of two of "
        "multi-loss's and of plain backpropagation's. Relay did not lower the error there (configs/relay_bp)",
    ]
    overrides = dict(model=dict(_delete_=True, **relay))
    keys = auxiliary_keys(cfg)
    if keys:
        overrides['optim_wrapper'] = dict(paramwise_cfg=dict(custom_keys=keys))
        notes.append('custom_keys that name auxiliary_head hold for the auxiliary head of the relay, too')
    return Suggestion('Relay Backpropagation, with nothing else changed.', overrides, notes)


def auxiliary_keys(cfg: Config) -> dict[str, dict]:
    """Return ``custom_keys`` for ``auxiliaries.0``, the place of the auxiliary head's parameters in a relay.

    The optimizer's ``custom_keys`` are parts of parameter names. Those that are part of ``auxiliary_head``, such as
    ``head``, don't occur in the new name.
    """
    keys = plain(((cfg.get('optim_wrapper') or {}).get('paramwise_cfg') or {}).get('custom_keys') or {})
    found = {f'auxiliaries.0.{key.removeprefix(OWN_HEAD)}': keys[key] for key in keys if key.startswith(OWN_HEAD)}
    # mmengine takes the longest key that a name has, and of equally long ones the first in the alphabet.
    of_head = min((key for key in keys if key in OWN_HEAD), key=lambda key: (-len(key), key), default=None)
    return found | ({} if of_head is None else {'auxiliaries': keys[of_head]})


def auxiliary_head(cfg: Config, source: Unit) -> dict:
    """Return the config of an auxiliary head on a feature map, with the loss of the model's own head."""
    model = with_default_losses(plain(cfg.model), cfg.get('default_scope'))
    if 'decode_head' in model:
        heads = model['decode_head']
        own = heads[-1] if isinstance(heads, list) else heads
        shared = {key: own[key] for key in (*OUTPUT_SETTINGS, 'norm_cfg', 'align_corners') if key in own}
        return dict(PLAIN_HEAD, in_channels=source.channels, channels=max(1, source.channels // 4), **shared)
    own = model.get('head') or {}
    head = dict(
        type='mmgb.AuxiliaryClsHead', num_classes=max(numbers_of_classes(model), default=0), in_channels=source.channels
    )
    if min(source.size) < POOLED_SIZE:
        head['pooled_size'] = min(source.size)
    if type_name(own.get('loss') or {}) in (*REPLACED, *(name.rpartition('.')[2] for name in LOSS_TYPES.values())):
        head['loss'] = own['loss']
    return head
