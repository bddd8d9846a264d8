"""What the figures of both papers show of gradients and activations, while training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import ApexOptimWrapper, OptimWrapper, OptimWrapperDict
from torch import nn
from torch.nn.modules.conv import _ConvNd

from mmgb.functional.errors import ConfigError
from mmgb.functional.module_paths import find_module
from mmgb.registry import HOOKS

from .iteration_recording import IterationRecording

PREFIX = 'grad_stats/'
HISTOGRAM_FILE = 'gradient_histograms.json'


@HOOKS.register_module()
class GradientStatsHook(Hook):
    r"""Writes statistics of gradients and activations through the visualizer (``scalars.json``, TensorBoard, …).

    ``custom_hooks=[dict(type='mmgb.GradientStatsHook')]`` in a config; ``tools/analysis_tools/plot_gradients.py`` draws
    what it has written. Recorded are iterations 1, 1 + ``interval``, …, and the first one of each epoch; in between
    the model is without hooks. The step is the iteration, from 1, as the logger counts; forward values are those
    before its update. Names begin with ``grad_stats/`` and end with the path of a module:

    ==========================  =======================================================================================
    ``error_rms/LAYER``         root mean square of the gradient of the loss with respect to a layer's output (*Be
                                Careful What You Backpropagate*, Figure 3). The loss is what mmengine adds up, of all
                                processes' batches: a mean over samples makes it smaller than that paper's by their
                                number.
    ``activation_variance/…``   of all values of a layer's output
    ``weight_grad_mean/…``      mean magnitude of the gradient of a layer's ``weight`` (*Relay Backpropagation*, Figure
                                1): what the optimizer is given, after accumulation, reduction, unscaling and clipping
    ``weight_grad_ratio/…``     this, divided by the mean magnitude of the weights
    ``dead_relu_share/RELU``    share of the channels of an ``nn.ReLU`` or ``nn.ReLU6`` that are 0 on the whole batch,
                                at every position
    ``saturated_share/…``       share of an ``nn.Sigmoid``'s or ``nn.Tanh``'s outputs within 1 % of their range from a
                                limit
    ``softmax_normaliser_…``    :math:`s = \sum_i e^{x_i}` of the scores that a loss is given (Figure 5 of the first
                                paper), as ``mean/LOSS`` over samples or pixels and as ``sum/LOSS`` over the batch
    ==========================  =======================================================================================

    Beside them, ``vis_data/gradient_histograms.json`` of the run has a line for each loss and recorded iteration, with
    ``edges`` and ``counts`` of a histogram of the output deltas (Figure 2): the gradient with respect to the scores,
    times the number of samples that the loss divides by, thus :math:`y - t` of a sample. That number is ``avg_factor``,
    or the number of samples or pixels without those that the loss leaves out of its mean. Loss weights and class
    weights stay in; ignored pixels don't count. Entries of a list of losses that are given the same tensor count as one
    loss, named after the first.

    Under mixed precision everything is unscaled. While gradients accumulate, the weights' are written at the update
    that follows. Activation functions are seen where they are modules, not where they are called as functions.

    Args:
        interval: in iterations.
        layers: module paths such as ``'backbone.stages.0.3'``; None: every convolution and every linear layer.

    Raises:
        ValueError: an interval below 1; when training starts: a layer that the model doesn't have, an optimizer wrapper
            whose gradients can't be unscaled here, a compiled model.
    """

    def __init__(self, interval: int = 100, layers: Sequence[str] | None = None) -> None:
        if not isinstance(interval, int) or interval < 1:
            raise ConfigError(f'interval={interval!r}: expected a positive number of iterations')
        if isinstance(layers, str):
            raise ConfigError(f'layers={layers!r}: expected a list of module paths, or None')
        self.interval = interval
        self.layers = layers
        self._recording: IterationRecording | None = None
        self._factor = 1.0  # turns a gradient of the backward pass into that of the loss
        self._paths: list[str] = []
        self._step_hook = None
        self._weight_scalars: dict[str, float] | None = None  # once an update has been made

    def before_train(self, runner) -> None:
        if runner.cfg.get('compile'):
            raise ConfigError(
                f'compile={runner.cfg.compile!r}: a compiled model runs without hooks, so '
                'GradientStatsHook would see nothing; leave one of the two out'
            )
        wrapper = runner.optim_wrapper
        if not isinstance(wrapper, OptimWrapper) or isinstance(wrapper, (ApexOptimWrapper, OptimWrapperDict)):
            raise ConfigError(
                f'GradientStatsHook needs an OptimWrapper or AmpOptimWrapper, which say how they scale '
                f'the loss, got {type(wrapper).__name__}'
            )
        model = _unwrapped(runner)
        if self.layers is None:
            self._paths = [path for path, module in model.named_modules() if isinstance(module, (_ConvNd, nn.Linear))]
        else:
            for path in self.layers:
                find_module(model, path, 'layers')
            self._paths = list(self.layers)

    def before_train_iter(self, runner, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter % self.interval and batch_idx:
            return
        model = _unwrapped(runner)
        self._recording = IterationRecording(model, self._paths)
        self._factor = 1 / _loss_scale(runner.optim_wrapper)
        if self._step_hook is None:
            weights = {
                path: weight
                for path in self._paths
                if isinstance(weight := getattr(model.get_submodule(path), 'weight', None), nn.Parameter)
            }
            self._step_hook = runner.optim_wrapper.optimizer.register_step_pre_hook(
                lambda optimizer, args, kwargs: self._record_weights(optimizer, weights)
            )

    def after_train_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None) -> None:
        scalars = {}
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.remove_hooks()
            scalars |= recording.scalars(self._factor)
            self._write_histograms(runner, batch_idx, recording)
        if self._weight_scalars is not None:
            scalars |= self._weight_scalars
            self._forget_update()
        if scalars:
            runner.visualizer.add_scalars(
                {PREFIX + name: value for name, value in scalars.items()}, step=runner.iter + 1
            )

    def after_train(self, runner) -> None:
        if self._step_hook is not None:  # gradients were accumulated, and never used
            self._forget_update()

    def _forget_update(self) -> None:
        self._step_hook.remove()
        self._step_hook = self._weight_scalars = None

    def _record_weights(self, optimizer: torch.optim.Optimizer, weights: dict[str, nn.Parameter]) -> None:
        self._weight_scalars = {}
        weights = {path: weight for path, weight in weights.items() if weight.grad is not None}
        if not weights:
            return
        scale = getattr(optimizer, 'grad_scale', None)  # of a fused optimizer, which unscales for itself
        means = torch.stack(
            [
                torch.stack(
                    [
                        torch.linalg.vector_norm(values.detach(), 1, dtype=torch.float64) / values.numel()
                        for values in (weight.grad, weight)
                    ]
                )
                for weight in weights.values()
            ]
        )
        if scale is not None:
            means[:, 0] /= scale
        ratios = means[:, 0] / means[:, 1]
        self._weight_scalars = {f'weight_grad_mean/{path}': value for path, value in zip(weights, means[:, 0].tolist())}
        self._weight_scalars |= {f'weight_grad_ratio/{path}': value for path, value in zip(weights, ratios.tolist())}

    def _write_histograms(self, runner, batch_idx: int, recording: IterationRecording) -> None:
        histograms = recording.histograms(self._factor)
        if not histograms or not is_main_process():
            return
        folder = Path(runner.log_dir) / 'vis_data'
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / HISTOGRAM_FILE, 'a') as file:
            for path, found in histograms.items():
                place = dict(step=runner.iter + 1, epoch=runner.epoch + 1, batch=batch_idx + 1, loss=path)
                file.write(json.dumps(place | found._asdict()) + '\n')


def _unwrapped(runner) -> nn.Module:
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def _loss_scale(optim_wrapper: OptimWrapper) -> float:
    """By what the next backward pass's loss is multiplied, for accumulation and for mixed precision."""
    scaler = getattr(optim_wrapper, 'loss_scaler', None)
    return optim_wrapper.scale_loss(torch.ones(())).item() * (1.0 if scaler is None else scaler.get_scale())
