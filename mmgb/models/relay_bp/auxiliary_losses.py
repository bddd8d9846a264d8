"""The auxiliary losses of :class:`mmgb.models.relay_bp.RelayBP`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mmengine.model import ModuleList
from torch import Tensor, nn

from mmgb.functional.relay.ranges import AuxiliaryRange
from mmgb.registry import MODELS

DEFAULT_LOSS_WEIGHT = 0.3  # Shen et al. 2015, Sections 5.1 and 5.2


class AuxiliarySettings(NamedTuple):
    """The settings of one auxiliary loss, beside its head."""

    range: AuxiliaryRange
    loss_weight: float


class AuxiliaryLosses(ModuleList):
    """The auxiliary losses of a model: heads, and the settings of each.

    It is the ModuleList of the heads, so that a parameter is called ``auxiliaries.<i>.<its name in the head>``. The
    settings don't refer to the heads, because wrappers such as FSDP may replace a module in the list.

    Args:
        heads: heads of either host, with a method ``loss(features, data_samples)``.
        settings: settings of each head's loss, in the same order.
    """

    def __init__(self, heads: Iterable[nn.Module] = (), settings: Iterable[AuxiliarySettings] = ()) -> None:
        super().__init__(heads)
        self.settings = list(settings)

    @classmethod
    def from_config(cls, auxiliaries: Sequence[dict]) -> AuxiliaryLosses:
        """Build the heads of RelayBP's argument ``auxiliaries``."""
        settings = [
            AuxiliarySettings(
                AuxiliaryRange(auxiliary['source'], auxiliary.get('lowest')),
                auxiliary.get('loss_weight', DEFAULT_LOSS_WEIGHT),
            )
            for auxiliary in auxiliaries
        ]
        return cls([MODELS.build(auxiliary['head']) for auxiliary in auxiliaries], settings)

    @property
    def ranges(self) -> list[AuxiliaryRange]:
        return [settings.range for settings in self.settings]

    def loss(self, features: Sequence[Tensor], data_samples: list, train_cfg: dict | None = None) -> dict:
        """Compute the losses and accuracies of every head.

        Args:
            features: input of each head.
            data_samples: samples of the batch, as the host's heads expect them.
            train_cfg: training settings of the model, for mmsegmentation's heads.

        Returns:
            Values by name, ``aux_<i>.<the head's name>``. Entries with ``loss`` in their name are multiplied by the
            loss weight.
        """
        losses = {}
        for i, (head, settings, feature) in enumerate(zip(self, self.settings, features)):
            for name, value in _head_losses(head, feature, data_samples, train_cfg).items():
                losses[f'aux_{i}.{name}'] = _weigh(value, settings.loss_weight) if 'loss' in name else value
        return losses


def _head_losses(head: nn.Module, feature: Tensor, data_samples: list, train_cfg: dict | None) -> dict:
    if 'train_cfg' in inspect.signature(head.loss).parameters:  # mmsegmentation's heads
        return head.loss((feature,), data_samples, train_cfg)
    return head.loss((feature,), data_samples)


def _weigh(value: Tensor | Sequence[Tensor], weight: float) -> Tensor | list[Tensor]:
    return [entry * weight for entry in value] if isinstance(value, (list, tuple)) else value * weight
