"""Repeat the validation that follows the checkpoint from which a training resumes."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log

from mmgb.engine.exact_resuming.loop_start import is_iteration_based, is_resumed
from mmgb.engine.exact_resuming.training_place import place_in_checkpoint
from mmgb.engine.exact_resuming.validation_state import (
    KEY,
    ValidationState,
    after_the_checkpoint,
    early_stopping_hooks,
    early_stopping_state,
    state_in_checkpoint,
    validation_is_due,
)

PREFIX = 'val/'  # of a validation's metrics in mmengine's message hub


class ResumedValidationHook(Hook):
    """Give a resumed training the outcome of the validation at its place; part of ``ExactResumeHook``.

    mmengine writes a checkpoint before the validation of its epoch or iteration, and goes on after it when it resumes.
    ``ReduceOnPlateauLR``, ``EarlyStoppingHook`` and the best checkpoint would miss the metric, even if the validation
    had ended long before the training was stopped. This hook validates again, with the same weights. A checkpoint that
    was written in the validation needs this for ``EarlyStoppingHook`` alone, which gets the stored metrics.
    """

    priority = 'LOWEST'  # the other hooks are ready for a validation

    def __init__(self) -> None:
        self.resumed: ValidationState | None = None
        self.in_epoch = False
        self.validated = False

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        self.resumed = state_in_checkpoint(checkpoint)
        place = place_in_checkpoint(checkpoint)
        self.in_epoch = place is not None and place.batches > 0

    def before_train(self, runner: Any) -> None:
        if self.resumed is None or not is_resumed(runner):
            return
        hooks = early_stopping_hooks(runner)
        for hook, state in zip(hooks, self.resumed.early_stopping):
            hook.wait_count, hook.best_score = state
        loop = runner.train_loop
        if runner.val_loop is None or (self.in_epoch and not is_iteration_based(loop)) or not validation_is_due(loop):
            return
        if self.resumed.validated:
            scalars = runner.message_hub.log_scalars
            metrics = {name[len(PREFIX) :]: scalars[name].current() for name in scalars if name.startswith(PREFIX)}
            for hook in after_the_checkpoint(runner, hooks):
                hook.after_val_epoch(runner, metrics)
        else:
            print_log('Repeats the validation that follows the checkpoint, which does not hold its outcome.', 'current')
            runner.val_loop.run()

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        self.validated = False

    def before_val_epoch(self, runner: Any) -> None:
        self.validated = True

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        checkpoint[KEY] = ValidationState(self.validated, early_stopping_state(runner))._asdict()
