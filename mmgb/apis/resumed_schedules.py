"""Schedules of a resumed training whose config has other settings than the checkpoint.

mmengine restores every setting of a schedule. A training that is resumed for more epochs so keeps the old end of its
schedules, which mmengine sets to the length of the training, and its learning rate stays where it was.
"""

from __future__ import annotations

import copy
import logging
from typing import Any

from mmengine.logging import print_log
from mmengine.runner import BaseLoop

# Entries that change while a schedule runs, and the optimizer, which is not restored with it.
PROGRESS = {'last_step', '_global_step', '_last_value', 'best', 'num_bad_epochs', 'cooldown_counter', 'optimizer'}


def schedule_settings(scheduler: Any) -> dict[str, Any]:
    """Return a copy of the settings of one of mmengine's schedulers."""
    return {key: copy.deepcopy(value) for key, value in vars(scheduler).items() if key not in PROGRESS}


def continue_schedule(scheduler: Any, configured: dict[str, Any], loop: BaseLoop) -> None:
    """Let a restored schedule go on until the end of a longer training, or name the settings that differ.

    A schedule that reaches to the end of the training, and whose other settings are those of the config, continues as
    if the training had had its new length from the beginning. The length may change the other settings of a schedule,
    such as ``T_max`` of a cosine: then the checkpoint's are kept, and one line in the log says so.

    Args:
        scheduler (Any): restored scheduler.
        configured (dict[str, Any]): its :func:`schedule_settings` before it was restored.
        loop (BaseLoop): training loop.
    """
    restored = schedule_settings(scheduler)
    differing = [key for key, value in configured.items() if key in restored and restored[key] != value]
    length = loop.max_epochs if scheduler.by_epoch else loop.max_iters
    if differing == ['end'] and configured['end'] == length > restored['end']:
        _move_end(scheduler, length)
    elif differing:
        theirs, ours = (', '.join(f'{key}={state[key]}' for key in differing) for state in (restored, configured))
        print_log(
            f"The checkpoint's settings of {type(scheduler).__name__}, {theirs}, are used instead of the config's, "
            f'{ours}. To start the schedules anew use --cfg-options resume_param_scheduler=False.',
            'current',
            logging.WARNING,
        )


def _move_end(scheduler: Any, end: int) -> None:
    """Set a later end, and take the steps that the old one has left out."""
    left_out = max(0, scheduler._global_step - scheduler.end + 1)
    scheduler.end = end
    if hasattr(scheduler, 'monitor'):  # steps by the metrics of validations
        return
    scheduler._global_step -= left_out
    for _ in range(left_out):
        scheduler.step()
