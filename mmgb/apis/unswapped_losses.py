"""A line in the log for heads that a swap of the loss left on cross-entropy."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping

from mmengine.logging import print_log
from torch import nn

from mmgb.models.losses.weighted_loss import WeightedLoss

# The hosts' losses of all classes, which a boosted loss replaces.
REPLACEABLE = ('CrossEntropyLoss', 'LabelSmoothLoss')
LOSS_OF_HEAD = re.compile(r'\.?(loss|loss_decode)(\.\d+)?$')


def boosted_and_unswapped(model: nn.Module) -> tuple[dict[str, str], dict[str, str]]:
    """Return the losses of mmgb and the hosts' losses of all classes, each as {module path: class name}.

    A loss with ``use_sigmoid=True`` is one of all classes if its head has as many as a head with a loss of mmgb. Binary
    losses, such as those of boundaries, and losses inside other losses are left out.
    """
    modules = dict(model.named_modules())
    boosted = {path: module for path, module in modules.items() if isinstance(module, WeightedLoss)}
    counts = {_num_classes(modules, path) for path in boosted} - {None}
    unswapped = {}
    for path, module in modules.items():
        inner = any(path.startswith(f'{outer}.') for outer in unswapped)
        if type(module).__name__ in REPLACEABLE and not inner:
            if not getattr(module, 'use_sigmoid', False) or _num_classes(modules, path) in counts:
                unswapped[path] = module
    return _names(boosted), _names(unswapped)


def _num_classes(modules: Mapping[str, nn.Module], path: str) -> int | None:
    """Return the number of classes of the head that has the loss at ``path``."""
    return getattr(modules[LOSS_OF_HEAD.sub('', path)], 'num_classes', None) if LOSS_OF_HEAD.search(path) else None


def _names(losses: Mapping[str, nn.Module]) -> dict[str, str]:
    return {path.removeprefix('module.'): type(loss).__name__ for path, loss in losses.items()}


def scheduled_losses(hooks: Iterable[object]) -> dict[str, str]:
    """Return the hosts' losses of all classes to which mmpretrain's ``SwitchRecipeHook`` switches, by their epoch."""
    schedules = [getattr(hook, 'schedule', None) for hook in hooks if type(hook).__name__ == 'SwitchRecipeHook']
    losses = {epoch: recipe.get('loss') for schedule in schedules for epoch, recipe in schedule.items()}
    return {
        f'SwitchRecipeHook from epoch {epoch} on': type(loss).__name__
        for epoch, loss in losses.items()
        if type(loss).__name__ in REPLACEABLE
    }


def log_unswapped_losses(model: nn.Module, hooks: Iterable[object] = ()) -> None:
    """Log once which heads train, or will train, with a host's loss of all classes, if one has a loss of mmgb."""
    boosted, unswapped = boosted_and_unswapped(model)
    unswapped |= scheduled_losses(hooks)
    if boosted and unswapped:
        others, ours = (', '.join(f'{path}: {name}' for path, name in found.items()) for found in (unswapped, boosted))
        print_log(
            f"Some heads keep a host's loss ({others}) beside the losses of mmgb ({ours}): swap the loss of every "
            'head, or leave it so on purpose (docs/swap_the_loss.md).',
            'current',
            logging.WARNING,
        )
