"""Relay Backpropagation around any classifier or segmentor: :class:`mmgb.functional.relay.gate.GradientGate` in a
config."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache

import torch
from mmengine.model import ModuleList
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.relay.activation_checkpoint import non_reentrant_checkpoints
from mmgb.functional.relay.gate import AuxiliaryRange, GradientGate
from mmgb.functional.relay.validation import check_ranges
from mmgb.registry import MODELS

from .relay_settings import check_settings, check_trainable


@MODELS.register_module()
class RelayBP:
    """A model with auxiliary losses, each of which updates a range of its layers only.

    Source: Shen, Lin, Huang, *Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks*
    (2015), Section 3. What is built is the model itself, of a class that inherits from its own: every attribute, its
    checkpoint keys and its predictions are those of the plain model, with ``auxiliaries.*`` beside them.

    Args:
        model: config of an mmpretrain ``ImageClassifier``, an mmseg ``EncoderDecoder`` or another model with
            ``loss(inputs, data_samples)``.
        auxiliaries: for each auxiliary loss a dict with

            - ``source``: path of the module whose output feeds it (``'backbone.layer3.3'``); it must give one tensor;
            - ``lowest``: path of the lowest module that it updates; without it, down to the bottom;
            - ``head``: config of a head of either host;
            - ``loss_weight``: a factor of its losses; without it 0.3, the paper's.

            Its losses and accuracies are logged as ``aux_0.loss``, ``aux_0.accuracy_top-1``, and so on.
        primary_lowest: path of the lowest module that the model's own losses update; None: down to the bottom.
        propagation: ``'relay'``, or ``'standard'``: the paper's baseline, the same losses with every gradient going
            down to the bottom.
        **injected: what hosts give to the outermost model (``data_preprocessor``, ``pretrained``, ``train_cfg``, …) is
            passed on to ``model``, where that doesn't have it itself.

    Raises:
        ValueError: when it is built: a path without a module, two auxiliaries with one source, a range without a
            parameter to train, an unknown setting. At the first training step, before any update: what
            :class:`~mmgb.functional.relay.gate.GradientGate` and
            :func:`~mmgb.functional.relay.validation.check_ranges` find.
    """

    def __new__(cls, model: dict, *args, **kwargs):
        return super().__new__(_relay_class(_model_class(model)) if cls is RelayBP else cls)

    def __init__(
        self,
        model: dict,
        auxiliaries: Sequence[dict] = (),
        primary_lowest: str | None = None,
        propagation: str = 'relay',
        **injected,
    ) -> None:
        check_settings(auxiliaries, primary_lowest, propagation)
        settings = {name: value for name, value in injected.items() if value is not None} | model
        settings.pop('type')
        super().__init__(**settings)
        self.propagation = propagation
        self.primary_lowest = primary_lowest
        self.auxiliary_ranges, self.auxiliary_weights, heads = [], [], []
        for auxiliary in auxiliaries:
            self.auxiliary_ranges.append(AuxiliaryRange(auxiliary['source'], auxiliary.get('lowest')))
            self.auxiliary_weights.append(auxiliary.get('loss_weight', 0.3))
            heads.append(MODELS.build(auxiliary['head']))
        GradientGate(self, self.auxiliary_ranges, primary_lowest)  # finds every path, or raises
        for range_ in (*self.auxiliary_ranges, AuxiliaryRange(None, primary_lowest)):
            check_trainable(self, range_)
        self.auxiliaries = ModuleList(heads)
        self.ranges_checked = False

    def __reduce__(self):
        # The class is made at run time: pickle can't find it by name.
        return _empty, (type(self).__mro__[2],), self.__dict__

    @torch.compiler.disable
    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """The model's losses and those of the auxiliaries."""
        if self.propagation == 'relay':
            gate = GradientGate(self, self.auxiliary_ranges, self.primary_lowest)
        else:
            gate = GradientGate(self, [AuxiliaryRange(range_.source) for range_ in self.auxiliary_ranges])
        with non_reentrant_checkpoints(self), gate as features:
            losses = super().loss(inputs, data_samples)
        if self.propagation == 'relay' and not self.ranges_checked and torch.is_grad_enabled():
            check_ranges(gate.forward_pass, _loss_tensors(losses), dict(self.named_parameters()))
            self.ranges_checked = True
        for i, (head, feature, weight) in enumerate(zip(self.auxiliaries, features, self.auxiliary_weights)):
            for name, value in self._auxiliary_loss(head, feature, data_samples).items():
                name = f'aux_{i}.{name}'
                if name in losses:
                    raise ConfigError(f"the model's own losses and those of the auxiliaries are both called {name!r}")
                losses[name] = _weigh(value, weight) if 'loss' in name else value
        return losses

    def _auxiliary_loss(self, head: nn.Module, feature: Tensor, data_samples: list) -> dict:
        if 'train_cfg' in inspect.signature(head.loss).parameters:  # mmseg's heads
            return head.loss((feature,), data_samples, self.train_cfg)
        return head.loss((feature,), data_samples)


@cache
def _relay_class(model_class: type) -> type:
    """The class of a model of ``model_class`` with relays."""
    return type('RelayBP', (RelayBP, model_class), {'__module__': __name__, '__doc__': RelayBP.__doc__})


def _model_class(model: dict) -> type:
    if not isinstance(model, dict) or 'type' not in model:
        raise ConfigError(f'model={model!r}: expected the config of a model, a dict with its type')
    with MODELS.switch_scope_and_registry(None) as registry:
        found = registry.get(model['type']) if isinstance(model['type'], str) else model['type']
    if found is None:
        raise ConfigError(f'model: {model["type"]!r} is not a registered model')
    return found


def _empty(model_class: type) -> nn.Module:
    """A model to be filled by unpickling."""
    relay_class = _relay_class(model_class)
    return relay_class.__new__(relay_class, None)


def _weigh(value, weight: float):
    return [entry * weight for entry in value] if isinstance(value, (list, tuple)) else value * weight


def _loss_tensors(losses: dict) -> list[Tensor]:
    """What is back-propagated, by mmengine's rule: whatever has 'loss' in its name."""
    found = [value for name, value in losses.items() if 'loss' in name]
    return [tensor for value in found for tensor in (value if isinstance(value, (list, tuple)) else [value])]
