"""Refuse a model whose number of classes differs from that of its data, and a validation of other classes.

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
from mmgb.utils.dataset_wrappers import innermost_datasets

from .data_check_hook import DataCheckHook

BINARY_HEADS = ('STDCHead',)  # mmsegmentation's: boundary against interior
CLASSIFIERS = re.compile(r'(backbone|head|decode_head|auxiliary_head|auxiliaries)(\.\d+)?$')
REMEDY = (
    'number both alike: the same class folders (classes= only names them), image lists whose labels count the same '
    'classes, or the same metainfo=dict(classes=...) in data sets of mmseg'
)


@HOOKS.register_module()
class CheckClassCountHook(DataCheckHook):
    """Compare ``num_classes`` of every head with the number of classes of the data before the first step.

    Without the check, a label beyond the outputs stops the training somewhere in the first epoch, on a GPU by a device
    assertion that doesn't name the label; superfluous outputs go unnoticed. The hook also checks ``num_classes`` of a
    backbone that ends in a classifier, such as mmpretrain's VGG, and of a data preprocessor that converts labels to
    class scores, as mixup needs them. It skips data sets that have neither class names nor ``num_classes``.

    The class names of the validation data must be those of a training data set, in its order, if the two share a name:
    mmpretrain's ``CustomDataset`` numbers the folders of each split by itself, so that a label could mean another class
    in each. Without a name in common they are taken for other spellings. Leave the hook out where the classes differ on
    purpose, as in image retrieval.

    Raises:
        ValueError: if a ``num_classes`` differs from that of the data, or the classes of the validation data from those
            of the training data.
    """

    def check_dataset(self, runner: Any, field: str, dataset: Any) -> None:
        training = [*innermost_datasets(runner.train_loop.dataloader.dataset)] if field == 'val_dataloader' else []
        named = [names for names in map(dataset_class_names, training) if names is not None]
        fault = class_difference(dataset_class_names(dataset), named)
        if fault is not None:
            raise ConfigError(f'{field}: {fault}; {REMEDY}')
        expected = dataset_class_count(dataset)
        if expected is None:
            return
        for path, module in classifiers(runner.model):
            if module.num_classes != expected:
                if module.num_classes in map(dataset_class_count, training):
                    raise ConfigError(f'{field}: {count_difference(expected, module.num_classes)}; {REMEDY}')
                raise ConfigError(
                    f'{path}.num_classes={module.num_classes}: expected {expected}, the number of classes of the '
                    f'{type(dataset).__name__} in {field} ({path} is {type(module).__name__})'
                )


def class_difference(names: list[str] | None, training: list[list[str]]) -> str | None:
    """Return how class names differ from those of every training data set; None if they don't, or share no name.

    Args:
        names (list[str] | None): class names of a validation data set, in the order of their labels.
        training (list[list[str]]): class names of each training data set that has some.
    """
    if names is None or not training or names in training:
        return None
    expected = training[0]
    if len(names) != len(expected):
        return count_difference(len(names), len(expected))
    if not set(names) & set(expected):
        return None
    position = next(index for index, pair in enumerate(zip(names, expected)) if pair[0] != pair[1])
    return f'expected class {position} to be {expected[position]!r} as in train_dataloader, got {names[position]!r}'


def count_difference(count: int, expected: int) -> str:
    """Return the sentence for a validation data set with another number of classes than the training data."""
    return f'expected the {expected} classes of train_dataloader, got {count}'


def dataset_class_names(dataset: Any) -> list[str] | None:
    """Return the class names in the ``metainfo`` of a data set; None if it has none."""
    names = (getattr(dataset, 'metainfo', None) or {}).get('classes')
    return None if names is None else list(map(str, names))


def dataset_class_count(dataset: Any) -> int | None:
    """Return the number of class names of a data set, or else its ``num_classes``; None if it has neither."""
    names = dataset_class_names(dataset)
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
