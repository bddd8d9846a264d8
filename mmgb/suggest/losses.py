"""Replace the classification losses of a model config by a boosted loss in matched units.

The replacing config repeats what has the same meaning in both losses and drops the rest.
"""

from __future__ import annotations

import copy
from statistics import fmean

from mmgb.apis.config import type_name
from mmgb.models.losses.class_weights import read_class_weight

from .find_losses import Loss

LOSS_TYPES = {'exp-gb': 'mmgb.ExpGBLoss', 'pow3-gb': 'mmgb.Pow3GBLoss'}
KEPT_SETTINGS = ('loss_weight', 'loss_name', 'class_weight', 'reduction')
HEADS_WITHOUT_IGNORE_INDEX = ('DDRHead', 'PIDHead')  # they call their losses without the label to ignore
MULTI_LABEL_HEADS = ('MultiLabelClsHead', 'MultiLabelLinearClsHead', 'CSRAClsHead')


def boosted(loss: Loss, method: str) -> dict:
    """Return the config of the boosted loss that replaces a cross-entropy.

    Args:
        loss (Loss): the replaced loss.
        method (str): ``'exp-gb'`` or ``'pow3-gb'``.
    """
    old, head = loss.config, loss.head
    new = dict(type=LOSS_TYPES[method], matched=True)
    new.update({key: copy.deepcopy(old[key]) for key in KEPT_SETTINGS if old.get(key) is not None})
    if weighs_terms(loss):
        new['target_kind'] = 'multi_label'
    elif drops_class_weight(loss):
        del new['class_weight']
    if loss.in_mmseg:
        # The divisors of mmseg's losses: OhemCrossEntropy has the number of pixels that it keeps.
        new['avg_non_ignore'] = old.get('avg_non_ignore', type_name(old) == 'OhemCrossEntropy')
        if averages_classes(loss):
            new['loss_weight'] = old.get('loss_weight', 1.0) / loss.num_classes
        if weighs_against_pixels(loss):
            new['loss_weight'] = old.get('loss_weight', 1.0) * fmean(read_class_weight(old['class_weight']))
    if loss.has_head(HEADS_WITHOUT_IGNORE_INDEX):
        new['ignore_index'] = head.get('ignore_index', 255)
    if old.get('label_smooth_val'):
        new['label_smooth_val'] = old['label_smooth_val']
        if old.get('mode', 'original') != 'original':
            new['label_smooth_mode'] = old['mode']
    return new


def averages_classes(loss: Loss) -> bool:
    """Return True for mmseg's cross-entropy of sigmoids, whose mean is over the classes as well."""
    of_mean = loss.config.get('reduction', 'mean') == 'mean'
    return loss.in_mmseg and uses_sigmoids(loss) and of_mean and bool(loss.num_classes)


def uses_sigmoids(loss: Loss) -> bool:
    """Return True if the host's loss is a binary cross-entropy of each output."""
    use_sigmoid = loss.config.get('use_sigmoid')
    return loss.config.get('mode') == 'multi_label' if use_sigmoid is None else bool(use_sigmoid)


def weighs_terms(loss: Loss) -> bool:
    """Return True if ``class_weight`` multiplies each class's term of class scores: in mmpretrain's sigmoids."""
    of_scores = loss.has_head(MULTI_LABEL_HEADS) or (
        type_name(loss.config) == 'CrossEntropyLoss' and uses_sigmoids(loss)  # which refuses labels
    )
    return of_scores and not loss.in_mmseg and loss.config.get('class_weight') is not None


def drops_class_weight(loss: Loss) -> bool:
    """Return True if ``class_weight`` multiplies terms of labels, in mmseg's sigmoids those of the target class."""
    return uses_sigmoids(loss) and not weighs_terms(loss) and loss.config.get('class_weight') is not None


def weighs_against_pixels(loss: Loss) -> bool:
    """Return True for OhemCrossEntropy with class weights, which divides by the pixels, not by their weights."""
    return type_name(loss.config) == 'OhemCrossEntropy' and loss.config.get('class_weight') is not None


def notes_on(loss: Loss) -> list[str]:
    """Return what the swap changes beside the loss, as sentences."""
    old, notes = loss.config, []
    if type_name(old) == 'OhemCrossEntropy':
        notes.append(
            "drops the mining of hard pixels; sampler=dict(type='OHEMPixelSampler') of the head mines by any loss"
        )
    if weighs_against_pixels(loss):
        notes.append(
            "loss_weight is multiplied by the mean of class_weight, since the host's loss divides by the number of "
            'pixels, not by their weights: as if all classes had equally many'
        )
    if averages_classes(loss):
        notes.append(f"loss_weight is divided by the {loss.num_classes} classes, since the host's loss averages them")
    if drops_class_weight(loss):
        notes.append("drops class_weight, which weighs outputs in the host's loss of sigmoids, not samples")
    if old.get('pos_weight') is not None:
        notes.append('drops pos_weight, the weight of positive labels')
    if loss.has_head(MULTI_LABEL_HEADS) and uses_sigmoids(loss):
        notes.append(
            'the head predicts labels above a threshold of its sigmoids; mmgb.BoostedMultiLabelLinearClsHead predicts '
            "the loss's probabilities"
        )
    return notes
