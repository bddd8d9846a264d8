"""The state that validations leave behind beside metrics, and whether a checkpoint holds it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from mmengine.hooks import CheckpointHook, EarlyStoppingHook

from mmgb.functional.errors import ConfigError, shorten

from .loop_start import is_iteration_based

KEY = 'exact_resume_validation'  # of the checkpoint


class ValidationState(NamedTuple):
    """State of a training that validations change, as a checkpoint holds it.

    Attributes:
        validated (bool): whether the checkpoint was written in the validation at its place, as that of a new best
            metric is. The others are written before it.
        early_stopping (list[tuple[int, float]]): ``wait_count`` and ``best_score`` of each ``EarlyStoppingHook``.
    """

    validated: bool
    early_stopping: list[tuple[int, float]]


def state_in_checkpoint(checkpoint: dict) -> ValidationState | None:
    """Return the state that a checkpoint holds, or None if it has none.

    Raises:
        ConfigError: if the entry is malformed.
    """
    entry = checkpoint.get(KEY)
    if entry is None:
        return None
    if (
        not isinstance(entry, dict)
        or entry.keys() != set(ValidationState._fields)
        or type(entry['validated']) is not bool
        or not isinstance(entry['early_stopping'], list)
        or not all(map(_is_stopping_state, entry['early_stopping']))
    ):
        raise ConfigError(
            f'expected {KEY} to be a dict of validated, a bool, and early_stopping, a list of pairs (wait_count, '
            f'best_score), got {shorten(repr(entry), 80)}; the checkpoint is malformed'
        )
    return ValidationState(**entry)


def early_stopping_state(runner: Any) -> list[tuple[int, float]]:
    """Return ``wait_count`` and ``best_score`` of each ``EarlyStoppingHook`` of a runner."""
    return [(hook.wait_count, float(hook.best_score)) for hook in early_stopping_hooks(runner)]


def early_stopping_hooks(runner: Any) -> list[EarlyStoppingHook]:
    """Return the hooks of a runner that can end its training early."""
    return [hook for hook in runner.hooks if isinstance(hook, EarlyStoppingHook)]


def after_the_checkpoint(runner: Any, hooks: list[EarlyStoppingHook]) -> list[EarlyStoppingHook]:
    """Return those of ``hooks`` that a validation calls after the checkpoint of a new best metric is written.

    The default priority is after it. The state of a hook before it, as the checkpoint holds it, has the metric.
    """
    order = runner.hooks
    first = next((index for index, hook in enumerate(order) if isinstance(hook, CheckpointHook)), len(order))
    return [hook for hook in hooks if order.index(hook) > first]


def validation_is_due(loop: Any) -> bool:
    """Return whether mmengine's training loop would validate at its place, had it just trained up to there.

    Of a loop that is not derived from mmengine's it is False.
    """
    if not hasattr(loop, '_decide_current_val_interval'):
        return False
    done, last = (loop.iter, loop.max_iters) if is_iteration_based(loop) else (loop.epoch, loop.max_epochs)
    loop._decide_current_val_interval()
    return done > 0 and done >= loop.val_begin and (done % loop.val_interval == 0 or done == last)


def _is_stopping_state(entry: Any) -> bool:
    if not isinstance(entry, (tuple, list)) or len(entry) != 2:
        return False
    count, score = entry
    return type(count) is int and count >= 0 and type(score) is float and not math.isnan(score)
