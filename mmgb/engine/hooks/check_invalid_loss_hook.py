"""Stop the training when its loss isn't finite or its scores explode, and name the losses and scores.

mmengine has no such hook. That of mmdetection, with the same name, reports neither the iteration nor the scores.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

import torch
from mmengine.fileio import exists
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import find_latest_checkpoint
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError, DivergenceError
from mmgb.registry import HOOKS
from mmgb.utils.settings import check_integer

GROWTH = 2.0  # a loss of more than this multiple of the first one has grown
LARGEST_SCORE = 2.0**24  # float32 can't tell apart larger scores that differ by 1: no probability is left to learn


@HOOKS.register_module()
class CheckInvalidLossHook(Hook):
    """Raise an error after the first iteration whose total loss is NaN or infinite, or with a score above 2^24.

    A bounded loss, such as cross-entropy or a boosted loss with ``max_delta``, grows only by a factor in each iteration
    of an exploding training. It overflows long after its scores have lost their meaning: above 2^24 the float32 numbers
    are more than 1 apart. Negative scores may have any magnitude, since -1e9 is a usual mask.

    The message contains the iteration, every loss, and the largest magnitude of the scores that each loss module
    received; then what to lower, and the last checkpoint of the run that was written before the loss grew to more than
    twice its value at the run's first check. To report the scores the hook keeps a reference to those of the current
    iteration, and takes their maximum at each check. Loss modules are those whose ``forward`` names its
    first argument ``cls_score``, like the losses of mmgb and most losses of mmseg and mmpretrain.

    Args:
        interval (int): number of iterations between checks, at least 1. A check waits for the GPU to finish the
            iteration, as mmengine's own ``RuntimeInfoHook`` does in every iteration. Default: 1.

    Raises:
        FloatingPointError: during training, if the loss isn't finite or a score exceeds 2^24. It is a
            ``DivergenceError``, so that the tools print one sentence and exit with code 1.
    """

    priority = 'VERY_HIGH'  # before any hook that saves a checkpoint

    def __init__(self, interval: int = 1) -> None:
        interval = check_integer('interval', interval, 'a positive number of iterations')
        if interval < 1:
            raise ConfigError(f'interval={interval!r}: expected a positive number of iterations')
        self.interval = interval
        self.first_loss: float | None = None
        self.checkpoint: str | None = None  # the last one before a check at which the loss hadn't grown
        self.inherited: str | None = None  # the last checkpoint of the run that this one resumes, as that run named it
        self.scores: dict[str, Tensor] = {}
        self.handles: list = []

    def before_train(self, runner: Any) -> None:
        self.inherited = runner.message_hub.get_info('last_ckpt')
        self.checkpoint = resumed_checkpoint(runner)
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        for name, module in model.named_modules():
            if next(iter(inspect.signature(module.forward).parameters), None) == 'cls_score':
                self.handles.append(
                    module.register_forward_pre_hook(partial(self._store_scores, name), with_kwargs=True)
                )

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        scores, self.scores = self.scores, {}
        if not self.every_n_train_iters(runner, self.interval) or not outputs or 'loss' not in outputs:
            return
        total = torch.as_tensor(outputs['loss']).item()
        if not math.isfinite(total):
            fault = 'the loss is not finite'
        elif any(map(exploded, scores.values())):
            fault = 'scores exceed 2^24, where float32 no longer tells apart two that differ by 1'
        else:
            self._remember_checkpoint(runner, abs(total))
            return
        losses = ', '.join(
            f'{name} {torch.as_tensor(value).item():g}' for name, value in outputs.items() if 'loss' in name
        )
        received = ''.join(f'; {name} received {describe_scores(value)}' for name, value in scores.items())
        raise DivergenceError(f'iteration {runner.iter + 1}: {fault} ({losses}){received}; {self._advice(runner)}')

    def after_train(self, runner: Any) -> None:
        for handle in self.handles:
            handle.remove()
        self.handles.clear()

    def _remember_checkpoint(self, runner: Any, loss: float) -> None:
        if not self.first_loss:  # 0 in a batch whose labels are all ignored
            self.first_loss = loss
        if loss <= GROWTH * self.first_loss:
            newest = runner.message_hub.get_info('last_ckpt')
            if newest != self.inherited:
                self.checkpoint = newest

    def _advice(self, runner: Any) -> str:
        """Return what to lower, and how to go on."""
        rate = max(chain.from_iterable(runner.optim_wrapper.get_lr().values()), default=0.0)
        lower = (
            f'lower the learning rate (it was {rate:g}) or bound the gradients, by optim_wrapper.clip_grad or by '
            'max_delta of the loss'
        )
        if self.checkpoint is None:
            return f'{lower}, and start again, as no checkpoint was written before the loss grew'
        if not exists(self.checkpoint):
            return (
                f"{lower}, and start again: '{self.checkpoint}', the last checkpoint before the loss grew, is gone "
                '(max_keep_ckpts)'
            )
        return (
            f"{lower}, and go on with load_from='{self.checkpoint}', the last checkpoint written before the loss grew"
        )

    def _store_scores(self, name: str, module: nn.Module, args: Sequence, kwargs: dict) -> None:
        scores = args[0] if args else kwargs.get('cls_score')
        if module.training and isinstance(scores, Tensor):
            self.scores[name] = scores.detach()


def resumed_checkpoint(runner: Any) -> str | None:
    """Return the checkpoint that a run resumes, or None. Without a path, mmengine takes the last one of the folder."""
    return (runner._load_from or find_latest_checkpoint(runner.work_dir)) if runner._resume else None


def exploded(scores: Tensor) -> bool:
    """Return True if a score exceeds :data:`LARGEST_SCORE`."""
    return bool(scores.numel() and scores.max() > LARGEST_SCORE)


def describe_scores(scores: Tensor) -> str:
    """Return the largest finite magnitude and the number of non-finite scores in words."""
    finite = scores[torch.isfinite(scores)]
    largest = f'scores up to {finite.abs().max().item():.4g}' if finite.numel() else 'no finite score'
    invalid = scores.numel() - finite.numel()
    return largest + (f', {invalid} of {scores.numel()} not finite' if invalid else '')
