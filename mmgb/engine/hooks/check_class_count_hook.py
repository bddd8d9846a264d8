"""Refuse a model whose number of classes differs from that of its data.

mmpretrain's ``ClassNumCheckHook`` has the same purpose, but treats every module with ``num_classes`` as a head, even a
data preprocessor or a backbone without a classifier, and fails on wrapped data sets and those of mmseg.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import HOOKS

from .data_check_hook import DataCheckHook

BINARY_HEADS = ('STDCHead',)  # mmsegmentation's: boundary against interior
CLASSIFIERS = re.compile(r'(backbone|head|decode_head|auxiliary_head|auxiliaries)(\.\d+)?$')


@HOOKS.register_module()
class CheckClassCountHook(DataCheckHook):
    """Compare ``num_classes`` of every head with the number of classes of the data before the first step.

    Without the check, a label beyond the outputs stops the training somewhere in the first epoch, on a GPU by a device
    assertion that doesn't name the label; superfluous outputs go unnoticed. The hook also checks ``num_classes`` of a
    backbone that ends in a classifier, such as mmpretrain's VGG, and of a data preprocessor that converts labels to
    class scores, as mixup needs them. It skips data sets that have neither class names nor ``num_classes``.

    Raises:
        ValueError: if a ``num_classes`` differs from that of the data.
    """

    def check_dataset(self, runner: Any, field: str, dataset: Any) -> None:
        expected = dataset_class_count(dataset)
        if expected is None:
            return
        for path, module in classifiers(runner.model):
            if module.num_classes != expected:
                raise ConfigError(
                    f'{path}.num_classes={module.num_classes}: expected {expected}, the number of classes of the '
                    f'{type(dataset).__name__} in {field} ({path} is {type(module).__name__})'
                )


def dataset_class_count(dataset: Any) -> int | None:
    """Return the number of class names of a data set, or else its ``num_classes``; None if it has neither."""
    names = (getattr(dataset, 'metainfo', None) or {}).get('classes')
    return getattr(dataset, 'num_classes', None) if names is None else len(names)


def classifiers(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield (path, module) for each module whose ``num_classes`` counts outputs, or class scores of its labels."""
    while isinstance(getattr(model, 'module', None), nn.Module):  # a wrapper for distribution or test-time augmentation
        model = model.module
    for path, module in model.named_modules():
        count = getattr(module, 'num_classes', None)
        if not isinstance(count, int) or count < 1:
            continue
        if path == 'data_preprocessor':
            if getattr(module, 'to_onehot', False):
                yield path, module
        # A single output separates objects from background, or edges from the rest.
        elif CLASSIFIERS.match(path) and getattr(module, 'out_channels', None) != 1 and not is_binary(module):
            yield path, module


def is_binary(head: nn.Module) -> bool:
    """Return whether a head separates two classes of its own, whatever those of the data are."""
    return any(base.__name__ in BINARY_HEADS for base in type(head).__mro__)
