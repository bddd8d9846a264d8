"""Stops a training whose loss is no number any more, and says where to look.

mmengine has no such hook; mmdetection's, of the same name, says neither the iteration nor the scores.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.registry import HOOKS


@HOOKS.register_module()
class CheckInvalidLossHook(Hook):
    """Raises an error after the first iteration whose total loss is NaN or infinite.

    The message names the iteration, every loss, and for every loss module the largest magnitude among the scores it
    was given. To know them the hook keeps a reference to the scores of the current iteration; nothing is computed
    as long as the loss is finite. Loss modules are those whose ``forward`` calls its first argument ``cls_score``,
    as the losses of mmgb and most of mmseg's and mmpretrain's do.

    Args:
        interval: how often the loss is looked at, in iterations. Looking waits for a GPU to finish the iteration, as
            mmengine's own ``RuntimeInfoHook`` does in every one.
    """

    priority = 'VERY_HIGH'  # before any hook that saves a checkpoint

    def __init__(self, interval: int = 1) -> None:
        if interval < 1:
            raise ConfigError(f'interval={interval!r}: expected a positive number of iterations')
        self.interval = interval
        self.scores: dict[str, Tensor] = {}
        self.handles: list = []

    def before_train(self, runner) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        for name, module in model.named_modules():
            if next(iter(inspect.signature(module.forward).parameters), None) == 'cls_score':
                self.handles.append(module.register_forward_pre_hook(partial(self._keep, name), with_kwargs=True))

    def after_train_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None) -> None:
        scores, self.scores = self.scores, {}
        if not self.every_n_train_iters(runner, self.interval) or not outputs or 'loss' not in outputs:
            return
        if math.isfinite(torch.as_tensor(outputs['loss']).item()):
            return
        losses = ', '.join(
            f'{name} {torch.as_tensor(value).item():g}' for name, value in outputs.items() if 'loss' in name
        )
        given = ''.join(f'; {name} was given {describe_scores(value)}' for name, value in scores.items())
        raise FloatingPointError(f'iteration {runner.iter + 1}: the loss is not finite ({losses}){given}')

    def after_train(self, runner) -> None:
        for handle in self.handles:
            handle.remove()
        self.handles.clear()

    def _keep(self, name: str, module: nn.Module, args: Sequence, kwargs: dict) -> None:
        scores = args[0] if args else kwargs.get('cls_score')
        if module.training and isinstance(scores, Tensor):
            self.scores[name] = scores.detach()


def describe_scores(scores: Tensor) -> str:
    """The largest finite magnitude, and how many aren't finite, in words."""
    finite = scores[torch.isfinite(scores)]
    largest = f'scores up to {finite.abs().max().item():.4g}' if finite.numel() else 'no finite score'
    invalid = scores.numel() - finite.numel()
    return largest + (f', {invalid} of {scores.numel()} not finite' if invalid else '')
