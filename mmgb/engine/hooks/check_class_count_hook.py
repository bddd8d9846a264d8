"""Refuses a model with another number of classes than its data.

mmpretrain's ``ClassNumCheckHook`` takes every module for a head that has ``num_classes``, a data preprocessor or a
backbone without a classifier included, and stops at a wrapped data set or one of mmseg.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import HOOKS

from .data_check_hook import DataCheckHook

CLASSIFIERS = re.compile(r'(backbone|head|decode_head|auxiliary_head|auxiliaries)(\.\d+)?$')


@HOOKS.register_module()
class CheckClassCountHook(DataCheckHook):
    """Compares ``num_classes`` of every head with the number of classes of the data, before the first step.

    With too few, a label without an output stops the training somewhere in the first epoch, on a GPU with a device
    assertion that names nothing; with too many, nothing is noticed. Also compared: ``num_classes`` of a backbone that
    ends in a classifier itself, as mmpretrain's VGG, and of a data preprocessor that writes labels as class scores, as
    mixup needs it. A data set without names of its classes, and without ``num_classes``, is taken as it is.

    Raises:
        ValueError: for the first ``num_classes`` that doesn't fit.
    """

    def check_dataset(self, runner, field: str, dataset) -> None:
        expected = dataset_class_count(dataset)
        if expected is None:
            return
        for path, module in classifiers(runner.model):
            if module.num_classes != expected:
                raise ConfigError(
                    f'{path}.num_classes={module.num_classes} ({type(module).__name__}) does not fit the '
                    f'{type(dataset).__name__} of {field}, which has {expected} classes: expected '
                    f'num_classes={expected}'
                )


def dataset_class_count(dataset) -> int | None:
    """How many classes a data set says that it has, by their names or as ``num_classes``; None if it doesn't."""
    names = (getattr(dataset, 'metainfo', None) or {}).get('classes')
    return getattr(dataset, 'num_classes', None) if names is None else len(names)


def classifiers(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """(path, module) of what ``num_classes`` of a model counts: its outputs, or the class scores of its labels."""
    while isinstance(getattr(model, 'module', None), nn.Module):  # distributed, or test-time augmentation
        model = model.module
    for path, module in model.named_modules():
        count = getattr(module, 'num_classes', None)
        if not isinstance(count, int) or count < 1:
            continue
        if path == 'data_preprocessor':
            if getattr(module, 'to_onehot', False):
                yield path, module
        # A single output tells an object from its background, or an edge from the rest (mmseg's STDC).
        elif CLASSIFIERS.match(path) and getattr(module, 'out_channels', None) != 1:
            yield path, module
