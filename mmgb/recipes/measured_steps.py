"""Measure the optimiser steps of a training, and end it after the last one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor

from mmgb.functional.errors import ConfigError

from .verdict import diverges


class StepsDone(Exception):
    """Ends a training after its last measured step; no error."""


class MeasuredSteps(Hook):
    """Split each batch into micro-batches, measure each optimiser step, and raise :class:`StepsDone` after the last.

    The micro-batches go through ``model.train_step`` and the optimizer wrapper, which accumulates their gradients:
    clipping, schedulers and hooks act once a batch, as without micro-batches. The wrapper's ``step`` is where gradients
    are complete and not clipped yet, and after it the weights are updated, so it is measured from outside.

    Args:
        steps (int): number of optimiser steps to measure; a step that diverges is the last.
        parts (int): number of micro-batches per batch.

    Attributes:
        losses (list[float]): mean loss of the micro-batches of each step.
        gradient_norms (list[float]): norm of all gradients before clipping.
        ratios (dict[str, list[float]]): norm of the update over the norm of the weights by layer. Biases and scales,
            which start at 0 or have one dimension, are left out.
        seconds (list[float]): time of forward pass, backward pass and update, without the measurement.
        diverged (bool): whether the last step diverged.
    """

    def __init__(self, steps: int, parts: int) -> None:
        self.steps, self.parts = steps, parts
        self.losses: list[float] = []
        self.gradient_norms: list[float] = []
        self.ratios: dict[str, list[float]] = {}
        self.seconds: list[float] = []
        self.diverged = False
        self._pending: list[float] = []
        self._may_overflow = False
        self._measuring = self._training = 0.0  # seconds

    def before_train(self, runner: Any) -> None:
        """Put the measurement around the model's ``train_step`` and the wrapper's ``step``."""
        wrapper = runner.optim_wrapper
        if not isinstance(wrapper, OptimWrapper) or isinstance(wrapper, OptimWrapperDict):
            raise ConfigError(f'optim_wrapper={type(wrapper).__name__}: expected a single OptimWrapper')
        # The end of the training, at which mmengine updates early, is counted in batches; here a batch has parts.
        wrapper.initialize_count_status(runner.model, 0, -1)
        self._weights = {
            name.removesuffix('.weight'): parameter
            for name, parameter in runner.model.named_parameters()
            if parameter.requires_grad and parameter.dim() > 1
        }
        self._before = {name: torch.empty_like(weight) for name, weight in self._weights.items()}
        self.ratios = {name: [] for name in self._weights}
        self._train_step, self._step = runner.model.train_step, wrapper.step
        runner.model.train_step = self.train_step
        wrapper.step = lambda **kwargs: self.step(wrapper, **kwargs)

    def train_step(self, data: Any, optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
        """Train on each micro-batch of a batch, and return the mean of their logs."""
        logs = []
        for part in split(data, self.parts):
            begin, self._measuring = time.perf_counter(), 0.0
            logs.append(self._train_step(part, optim_wrapper=optim_wrapper))
            self._pending.append(logs[-1]['loss'].item())
            self._training += time.perf_counter() - begin - self._measuring
            if len(self.gradient_norms) > len(self.losses):  # the wrapper has updated the weights
                self._end_step()
        return {name: torch.stack([log[name].float() for log in logs]).mean() for name in logs[0]}

    def step(self, wrapper: OptimWrapper, **kwargs: Any) -> None:
        """Update the weights, and measure the gradients before and the update after it."""
        begin = time.perf_counter()
        # Mixed precision multiplies the gradients, and skips an update whose gradients overflow.
        scaler = getattr(wrapper, 'loss_scaler', None)
        scale = 1.0 if scaler is None else scaler.get_scale()
        self.gradient_norms.append(gradient_norm(wrapper.optimizer) / scale)
        self._may_overflow = scaler is not None
        for name, weight in self._weights.items():
            self._before[name].copy_(weight.detach())
        self._measuring += time.perf_counter() - begin
        self._step(**kwargs)
        begin = time.perf_counter()
        for name, weight in self._weights.items():
            norm = self._before[name].norm()
            if norm > 0:
                self.ratios[name].append(float(self._before[name].sub_(weight.detach()).norm() / norm))
        self._measuring += time.perf_counter() - begin

    def _end_step(self) -> None:
        self.losses.append(sum(self._pending) / len(self._pending))
        self.seconds.append(self._training)
        self._pending.clear()
        self._training = 0.0
        self.diverged = self.has_diverged(0.0 if self._may_overflow else self.gradient_norms[-1])
        if self.diverged or len(self.losses) == self.steps:
            raise StepsDone

    def has_diverged(self, gradient_norm: float) -> bool:
        """Return True if the training is to end after its last loss, whose gradients have this norm."""
        return diverges(self.losses, gradient_norm)


def gradient_norm(optimizer: torch.optim.Optimizer) -> float:
    """Return the norm of all gradients of an optimizer's parameters."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group['params']]
    return float(torch.stack([each.grad.float().norm() for each in parameters if each.grad is not None]).norm())


def split(data: Any, parts: int) -> list[Any]:
    """Split a batch into ``parts`` of nearly equal sizes; of a smaller batch, into one part per sample.

    Args:
        data: tensor or list with one entry per sample, or a mapping or tuple of such values.
        parts (int): number of parts.
    """
    if isinstance(data, Mapping):
        columns = {name: split(value, parts) for name, value in data.items()}
        return [dict(zip(columns, values)) for values in zip(*columns.values())]
    if isinstance(data, tuple):
        return list(zip(*(split(value, parts) for value in data)))
    if not isinstance(data, (Tensor, Sequence)):
        raise ConfigError(f'batch={type(data).__name__}: expected mappings and lists of samples to split')
    parts = min(parts, len(data))
    edges = [len(data) * number // parts for number in range(parts + 1)]
    return [data[begin:end] for begin, end in zip(edges, edges[1:])]
