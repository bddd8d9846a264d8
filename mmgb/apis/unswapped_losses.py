"""A line in the log for heads that a swap of the loss left on cross-entropy."""

from __future__ import annotations

import logging

from mmengine.logging import print_log
from torch import nn

from mmgb.models.losses.weighted_loss import WeightedLoss

# The hosts' losses of softmax outputs, which a boosted loss replaces.
REPLACEABLE = ('CrossEntropyLoss', 'LabelSmoothLoss')


def boosted_and_unswapped(model: nn.Module) -> tuple[dict[str, str], dict[str, str]]:
    """Return the losses of mmgb and the hosts' softmax losses in a model, each as {module path: class name}.

    Binary losses (``use_sigmoid=True``) and losses inside other losses are left out.
    """
    boosted, unswapped = {}, {}
    for path, module in model.named_modules():
        if any(path.startswith(f'{outer}.') for outer in unswapped):
            continue
        if isinstance(module, WeightedLoss):
            boosted[path.removeprefix('module.')] = type(module).__name__
        elif type(module).__name__ in REPLACEABLE and not getattr(module, 'use_sigmoid', False):
            unswapped[path.removeprefix('module.')] = type(module).__name__
    return boosted, unswapped


def log_unswapped_losses(model: nn.Module) -> None:
    """Log once which heads still train with a host's softmax loss, if another head trains with a loss of mmgb."""
    boosted, unswapped = boosted_and_unswapped(model)
    if boosted and unswapped:
        others, ours = (', '.join(f'{path}: {name}' for path, name in found.items()) for found in (unswapped, boosted))
        print_log(
            f'Some heads keep a softmax loss ({others}) beside the losses of mmgb ({ours}): swap the loss of every '
            'head, or leave it so on purpose (docs/heads.md).',
            'current',
            logging.WARNING,
        )
