"""Stop the training when its loss becomes NaN or infinite, and name the losses and scores behind it.

mmengine has no such hook. That of mmdetection, with the same name, reports neither the iteration nor the scores.
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
    """Raise an error after the first iteration whose total loss is NaN or infinite.

    The message contains the iteration, every loss, and the largest magnitude of the scores that each loss module
    received. To report them the hook keeps a reference to the scores of the current iteration; it computes nothing as
    long as the loss is finite. Loss modules are those whose ``forward`` names its first argument ``cls_score``, like
    the losses of mmgb and most losses of mmseg and mmpretrain.

    Args:
        interval (int): number of iterations between checks, at least 1. A check waits for the GPU to finish the
            iteration, as mmengine's own ``RuntimeInfoHook`` does in every iteration. Default: 1.

    Raises:
        FloatingPointError: during training, if the loss isn't finite.
    """

    priority = 'VERY_HIGH'  # before any hook that saves a checkpoint

    def __init__(self, interval: int = 1) -> None:
        if interval < 1:
            raise ConfigError(f'interval={interval!r}: expected a positive number of iterations')
        self.interval = interval
        self.scores: dict[str, Tensor] = {}
        self.handles: list = []

    def before_train(self, runner: Any) -> None:
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
        if math.isfinite(torch.as_tensor(outputs['loss']).item()):
            return
        losses = ', '.join(
            f'{name} {torch.as_tensor(value).item():g}' for name, value in outputs.items() if 'loss' in name
        )
        received = ''.join(f'; {name} received {describe_scores(value)}' for name, value in scores.items())
        raise FloatingPointError(f'iteration {runner.iter + 1}: the loss is not finite ({losses}){received}')

    def after_train(self, runner: Any) -> None:
        for handle in self.handles:
            handle.remove()
        self.handles.clear()

    def _store_scores(self, name: str, module: nn.Module, args: Sequence, kwargs: dict) -> None:
        scores = args[0] if args else kwargs.get('cls_score')
        if module.training and isinstance(scores, Tensor):
            self.scores[name] = scores.detach()


def describe_scores(scores: Tensor) -> str:
    """Return the largest finite magnitude and the number of non-finite scores in words."""
    finite = scores[torch.isfinite(scores)]
    largest = f'scores up to {finite.abs().max().item():.4g}' if finite.numel() else 'no finite score'
    invalid = scores.numel() - finite.numel()
    return largest + (f', {invalid} of {scores.numel()} not finite' if invalid else '')
