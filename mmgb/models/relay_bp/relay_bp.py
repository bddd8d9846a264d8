"""Relay Backpropagation around any classifier or segmentor.

:class:`RelayBP` makes :class:`mmgb.functional.relay.gate.GradientGate` available in a config.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.relay.activation_checkpoint import non_reentrant_checkpoints
from mmgb.functional.relay.gate import GradientGate
from mmgb.functional.relay.ranges import AuxiliaryRange, check_paths
from mmgb.functional.relay.validation import check_ranges
from mmgb.registry import MODELS

from .arguments import check_arguments, check_trainable, registered_class
from .auxiliary_losses import AuxiliaryLosses
from .fitting_ranges import find_fitting_change


@MODELS.register_module()
class RelayBP:
    """A model with auxiliary losses, each of which updates a limited range of layers.

    Source: Shen, Lin, Huang, *Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks*
    (arXiv:1512.05830), Section 4. The object is the model itself, of a class derived from the model's own: its
    attributes, checkpoint keys and predictions are those of the plain model, and ``auxiliaries.*`` is added.

    Args:
        model: config of an mmpretrain ``ImageClassifier``, an mmseg ``EncoderDecoder`` or another model with
            ``loss(inputs, data_samples)``.
        auxiliaries: one dict per auxiliary loss with the keys

            - ``source``: path of the module whose output feeds the loss (``'backbone.layer3.3'``). The module must
              return one tensor.
            - ``lowest``: path of the lowest module that the loss updates. Default: every layer below the source.
            - ``head``: config of a head of either host.
            - ``loss_weight``: factor of the head's losses, >= 0. Default: 0.3, as in the paper.

            Its losses and accuracies are logged as ``aux_0.loss``, ``aux_0.accuracy_top-1``, and so on.
        primary_lowest: path of the lowest module that the model's own losses update. None: every layer.
        propagation: ``'relay'``, or ``'standard'`` for the paper's baseline: the same losses, each of which updates
            every layer below it.
        **injected: arguments that hosts give to the outermost model (``data_preprocessor``, ``pretrained``,
            ``train_cfg``, …). They are passed on to ``model``, unless it sets them itself.

    Raises:
        ConfigError: when the model is built, if an argument is invalid, a path names no module, two auxiliary losses
            have the same source, or every parameter of a range is frozen. At the first training step, before any
            update, for the reasons named by :class:`~mmgb.functional.relay.gate.GradientGate` and
            :func:`~mmgb.functional.relay.validation.check_ranges`.
    """

    def __new__(cls, model: dict, *args, **kwargs):
        return super().__new__(_relay_class(registered_class(model, 'model')) if cls is RelayBP else cls)

    def __init__(
        self,
        model: dict,
        auxiliaries: Sequence[dict] = (),
        primary_lowest: str | None = None,
        propagation: str = 'relay',
        **injected,
    ) -> None:
        check_arguments(auxiliaries, primary_lowest, propagation)
        for auxiliary in auxiliaries:
            registered_class(auxiliary['head'], 'head')
        settings = {name: value for name, value in injected.items() if value is not None} | model
        settings.pop('type')
        settings.pop('_scope_', None)  # mmengine adds it to a config that inherits from another scope
        super().__init__(**settings)
        self.propagation = propagation
        self.primary_lowest = primary_lowest
        losses = AuxiliaryLosses.from_config(auxiliaries)
        check_paths(self, losses.ranges, primary_lowest)
        for source, lowest in losses.ranges:
            check_trainable(self, lowest, source)
        check_trainable(self, primary_lowest, None)
        self.auxiliaries = losses  # after the checks, because no range may reach into the heads
        self.ranges_checked = False

    def __reduce__(self):
        # pickle can't find the class by name, because it is created at run time.
        return _empty, (type(self).__mro__[2],), self.__dict__

    @torch.compiler.disable
    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Compute the losses of the model and the auxiliary losses."""
        ranges, primary_lowest = self.auxiliaries.ranges, self.primary_lowest
        if self.propagation == 'standard':
            ranges, primary_lowest = [AuxiliaryRange(range_.source) for range_ in ranges], None
        try:
            losses, features = self._primary_losses(ranges, primary_lowest, inputs, data_samples)
        except ConfigError as error:
            if self.ranges_checked or not str(error).startswith(('source=', 'lowest=')):
                raise
            change = find_fitting_change(
                self, ranges, primary_lowest, lambda *changed: self._primary_losses(*changed, inputs, data_samples)
            )
            raise ConfigError(f'{error}; {change} fits the model' if change else str(error)) from error
        self.ranges_checked = self.ranges_checked or torch.is_grad_enabled()
        auxiliary = self.auxiliaries.loss(features, data_samples, getattr(self, 'train_cfg', None))
        for name in auxiliary:
            if name in losses:
                raise ConfigError(
                    f'auxiliaries: expected names that differ from those of the losses of the model, got {name!r} '
                    'twice; move the auxiliary heads of the model to RelayBP'
                )
        losses.update(auxiliary)
        return losses

    def _primary_losses(
        self, ranges: Sequence[AuxiliaryRange], primary_lowest: str | None, inputs: Tensor, data_samples: list
    ) -> tuple[dict, list]:
        """Return the model's own losses and the auxiliary heads' inputs; check the ranges in the first step."""
        gate = GradientGate(self, ranges, primary_lowest)
        with non_reentrant_checkpoints(self), gate as features:
            losses = super().loss(inputs, data_samples)
        if self.propagation == 'relay' and not self.ranges_checked and torch.is_grad_enabled():
            check_ranges(gate.forward_pass, _loss_tensors(losses), dict(self.named_parameters()))
        return losses, features


@cache
def _relay_class(model_class: type) -> type:
    """Derive the class of a model with auxiliary losses from the class of the plain model."""
    return type('RelayBP', (RelayBP, model_class), {'__module__': __name__, '__doc__': RelayBP.__doc__})


def _empty(model_class: type) -> nn.Module:
    """Create a model without attributes, for pickle to fill."""
    relay_class = _relay_class(model_class)
    return relay_class.__new__(relay_class, None)


def _loss_tensors(losses: dict) -> list[Tensor]:
    """List the tensors that are back-propagated: by mmengine's rule those with 'loss' in their name."""
    found = [value for name, value in losses.items() if 'loss' in name]
    return [tensor for value in found for tensor in (value if isinstance(value, (list, tuple)) else [value])]
