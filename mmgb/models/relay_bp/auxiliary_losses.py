"""The auxiliary losses of :class:`mmgb.models.relay_bp.RelayBP`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from mmengine.model import ModuleList
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmgb.functional.errors import ConfigError, shorten
from mmgb.functional.relay.ranges import AuxiliaryRange
from mmgb.registry import MODELS
from mmgb.utils.errors import one_line

DEFAULT_LOSS_WEIGHT = 0.3  # Shen et al. 2015, Sections 5.1 and 5.2
# What heads raise for an input of another shape. Other exceptions are a fault of the head and keep their traceback.
MISFITS = (RuntimeError, ValueError, AssertionError, IndexError, TypeError)
# Errors whose reason is no shape. A label out of range is an AcceleratorError on a GPU, which PyTorch has since 2.8.
NO_MISFITS = (ConfigError, torch.OutOfMemoryError, getattr(torch, 'AcceleratorError', torch.OutOfMemoryError))


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
        """Build the heads of RelayBP's argument ``auxiliaries``.

        Raises:
            ConfigError: if a head has no method ``loss(features, data_samples)``.
        """
        settings = [
            AuxiliarySettings(
                AuxiliaryRange(auxiliary['source'], auxiliary.get('lowest')),
                float(auxiliary.get('loss_weight', DEFAULT_LOSS_WEIGHT)),
            )
            for auxiliary in auxiliaries
        ]
        heads = [MODELS.build(auxiliary['head']) for auxiliary in auxiliaries]
        for i, head in enumerate(heads):
            _check_interface(head, i)
        return cls(heads, settings)

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

        Raises:
            ConfigError: if a head doesn't take the output of its source.
        """
        losses = {}
        for i, (head, settings, feature) in enumerate(zip(self, self.settings, features)):
            try:
                found = _head_losses(head, feature, data_samples, train_cfg)
            except Exception as error:
                _check_fit(head, feature, f'auxiliaries[{i}].head', settings.range.source, error)
                raise
            for name, value in found.items():
                losses[f'aux_{i}.{name}'] = _weigh(value, settings.loss_weight) if 'loss' in name else value
        return losses


def _is_segmentation(head: nn.Module) -> bool:
    return 'train_cfg' in inspect.signature(head.loss).parameters


def _head_losses(head: nn.Module, feature: Tensor, data_samples: list, train_cfg: dict | None) -> dict:
    if _is_segmentation(head):
        return head.loss((feature,), data_samples, train_cfg)
    return head.loss((feature,), data_samples)


def _check_interface(head: nn.Module, index: int) -> None:
    try:
        inspect.signature(head.loss).bind(*[None] * (3 if _is_segmentation(head) else 2))
    except (AttributeError, TypeError):
        raise ConfigError(
            f'auxiliaries[{index}].head={type(head).__name__}: expected a head with a method '
            'loss(features, data_samples)'
        ) from None


def _check_fit(head: nn.Module, feature: Tensor, field: str, source: str, error: Exception) -> None:
    """After an error of a head's loss, raise a ConfigError if the reason is that it can't take the source's output."""
    if isinstance(error, NO_MISFITS):
        return
    try:
        with torch.no_grad(), _evaluating_norms(head):
            scores = head((feature,))
    except MISFITS as misfit:
        got = one_line(misfit)
    except Exception:
        return
    else:
        if _is_segmentation(head) or not isinstance(scores, Tensor) or scores.dim() == 2:
            return
        got = f'scores of shape {tuple(scores.shape)}'
    remedy = (
        'a decode head with one input map'
        if _is_segmentation(head)
        else 'a head that pools, such as mmgb.AuxiliaryClsHead'
    )
    raise ConfigError(
        f'{field}={type(head).__name__}: expected a head that takes the output of source={source!r} of shape '
        f'{tuple(feature.shape)}, got {shorten(got, 200)}; use {remedy}'
    ) from error


@contextmanager
def _evaluating_norms(head: nn.Module) -> Iterator[None]:
    """Let the batch norms of a head use their statistics, with which they take a batch of any size."""
    training = [module for module in head.modules() if isinstance(module, _BatchNorm) and module.training]
    for module in training:
        module.eval()
    try:
        yield
    finally:
        for module in training:
            module.train()


def _weigh(value: Tensor | Sequence[Tensor], weight: float) -> Tensor | list[Tensor]:
    return [entry * weight for entry in value] if isinstance(value, (list, tuple)) else value * weight
