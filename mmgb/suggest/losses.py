"""Replace the classification losses of a model config by a boosted loss in matched units.

Only losses of class labels are replaced, in every head. Boundary, Dice and semantic encoding losses, binary heads and
losses of other tasks stay. The replacing config repeats what has the same meaning in both losses and drops the rest.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

LOSS_TYPES = {'exp-gb': 'mmgb.ExpGBLoss', 'pow3-gb': 'mmgb.Pow3GBLoss'}
REPLACED = ('CrossEntropyLoss', 'LabelSmoothLoss', 'OhemCrossEntropy')
LOSS_KEYS = ('loss', 'loss_decode')
KEPT_SETTINGS = ('loss_weight', 'loss_name', 'class_weight', 'reduction')
BINARY_HEADS = ('STDCHead',)  # boundary against interior, whatever the classes of the data are
HEADS_WITHOUT_IGNORE_INDEX = ('DDRHead', 'PIDHead')  # they call their losses without the label to ignore
THRESHOLD_OF_SIGMOIDS = ('MultiLabelClsHead', 'MultiLabelLinearClsHead', 'CSRAClsHead')


class Loss(NamedTuple):
    """A loss config inside a model config.

    Attributes:
        path: keys and indices that lead to it, joined by dots.
        config: the loss config.
        head: the innermost dict around it that has a ``type``.
        num_classes: number of classes of the head, None if the config doesn't say.
    """

    path: str
    config: dict
    head: dict
    num_classes: int | None


def find_losses(model: dict) -> Iterator[Loss]:
    """Yield every config below a key ``loss`` or ``loss_decode``."""
    yield from _find(model, '', model, None)


def _find(node: Any, path: str, head: dict, num_classes: int | None) -> Iterator[Loss]:
    if isinstance(node, dict):
        head = node if 'type' in node else head
        num_classes = node.get('num_classes', num_classes)
        for key, child in node.items():
            below = f'{path}.{key}' if path else key
            if key in LOSS_KEYS:
                several = isinstance(child, (list, tuple))
                for index, loss in enumerate(child if several else [child]):
                    if isinstance(loss, dict) and 'type' in loss:
                        yield Loss(f'{below}.{index}' if several else below, loss, head, num_classes)
            elif key != 'backbone':
                yield from _find(child, below, head, num_classes)
    elif isinstance(node, (list, tuple)):
        for index, child in enumerate(node):
            yield from _find(child, f'{path}.{index}', head, num_classes)


def reason_to_keep(loss: Loss) -> str | None:
    """Return why a loss is not replaced, None if it is."""
    kind = type_name(loss.config)
    if kind not in REPLACED:
        return 'it is no cross-entropy'
    if type_name(loss.head) in BINARY_HEADS:
        return 'its head has two classes of its own'
    if loss.head.get('out_channels') == 1:
        return 'its head has one output channel'
    return None


def boosted(loss: Loss, method: str) -> dict:
    """Return the config of the boosted loss that replaces a cross-entropy.

    Args:
        loss (Loss): the replaced loss.
        method (str): ``'exp-gb'`` or ``'pow3-gb'``.
    """
    old, head = loss.config, loss.head
    new = dict(type=LOSS_TYPES[method], matched=True)
    new.update({key: copy.deepcopy(old[key]) for key in KEPT_SETTINGS if old.get(key) is not None})
    if 'loss_decode' in loss.path.split('.'):
        new['avg_non_ignore'] = old.get('avg_non_ignore', False)  # the divisor of mmseg's cross-entropy
        if averages_classes(loss):
            new['loss_weight'] = old.get('loss_weight', 1.0) / loss.num_classes
    if type_name(head) in HEADS_WITHOUT_IGNORE_INDEX:
        new['ignore_index'] = head.get('ignore_index', 255)
    smoothing = old.get('label_smooth_val')
    if smoothing:
        new['targets'] = smoothed_targets(smoothing, old.get('mode', 'original'), _num_classes(loss))
        if method == 'pow3-gb':
            new['beta'] = 0.0  # the fit of probability 0, which no class has
    return new


def averages_classes(loss: Loss) -> bool:
    """Return True for mmseg's cross-entropy of sigmoids, whose mean is over the classes as well."""
    in_mmseg = 'loss_decode' in loss.path.split('.')
    return in_mmseg and bool(loss.config.get('use_sigmoid')) and bool(loss.num_classes)


def smoothed_targets(smoothing: float, mode: str, num_classes: int | None) -> tuple[float, float]:
    """Return the probabilities of a wrong class and of the target class that smoothed labels have.

    Args:
        smoothing (float): ``label_smooth_val`` of mmpretrain's ``LabelSmoothLoss``.
        mode (str): its mode, ``'original'``, ``'classy_vision'`` or ``'multi_label'``.
        num_classes (int | None): number of classes; None is treated as many classes.
    """
    if mode == 'multi_label':
        return smoothing, 1 - smoothing
    if mode == 'classy_vision':
        smoothing = smoothing / (1 + smoothing)
    share = smoothing / num_classes if num_classes else 0.0
    return share, 1 - smoothing + share


def notes_on(loss: Loss) -> list[str]:
    """Return what the swap changes beside the loss, as sentences."""
    old, notes = loss.config, []
    if type_name(old) == 'OhemCrossEntropy':
        notes.append(
            "drops the mining of hard pixels; sampler=dict(type='OHEMPixelSampler') of the head mines by any loss"
        )
    if averages_classes(loss):
        notes.append(f"loss_weight is divided by the {loss.num_classes} classes, since the host's loss averages them")
    if old.get('pos_weight') is not None:
        notes.append('drops pos_weight, the weight of positive labels')
    if type_name(loss.head) in THRESHOLD_OF_SIGMOIDS and old.get('use_sigmoid'):
        notes.append(
            'the head predicts labels above a threshold of its sigmoids; mmgb.BoostedMultiLabelLinearClsHead predicts '
            "the loss's probabilities"
        )
    return notes


def type_name(config: dict) -> str:
    """Return the class name in a config, without a scope."""
    kind = config.get('type', '')
    return kind.rpartition('.')[2] if isinstance(kind, str) else getattr(kind, '__name__', str(kind))


def _num_classes(loss: Loss) -> int | None:
    return loss.config.get('num_classes') or loss.num_classes
