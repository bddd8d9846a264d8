"""Record gradient and activation statistics while training, as the figures of both papers show them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.optim import ApexOptimWrapper, OptimWrapper, OptimWrapperDict
from torch import nn
from torch.nn.modules.conv import _ConvNd

from mmgb.engine.gradient_recording.iteration_recording import IterationRecording
from mmgb.engine.gradient_recording.weight_gradients import weight_gradient_scalars
from mmgb.functional.errors import ConfigError
from mmgb.functional.module_paths import find_module
from mmgb.registry import HOOKS
from mmgb.utils.gradient_records import SATURATED_SHARE, DeltaHistogram, append_histograms, scalar_name
from mmgb.utils.settings import check_integer

SATURATED = 0.99  # share of saturated outputs from which a warning names the module


@HOOKS.register_module()
class GradientStatsHook(Hook):
    r"""Write statistics of gradients and activations to the visualizer (``scalars.json``, TensorBoard, …).

    Add ``custom_hooks=[dict(type='mmgb.GradientStatsHook')]`` to a config; ``tools/analysis_tools/plot_gradients.py``
    draws the figures. The hook records iterations 1, 1 + ``interval``, … and the first iteration of each epoch; the
    model has no forward hooks in between. A record's step is its iteration, counted from 1; forward values are those
    before the iteration's update. A scalar's name is ``grad_stats/STATISTIC/MODULE_PATH``:

    ===========================  ======================================================================================
    ``error_rms``                Root mean square of the gradient of the loss with respect to a layer's output (*Be
                                 Careful What You Backpropagate*, Figure 3). The loss is mmengine's total over the
                                 batches of all processes. As a mean over samples it gives values smaller than the
                                 paper's by the number of samples.
    ``activation_variance``      Variance of all values of a layer's output.
    ``weight_grad_mean``         Mean magnitude of the gradient of a layer's ``weight`` (*Relay Backpropagation*,
                                 Figure 1), as the optimizer receives it: after accumulation, reduction, unscaling and
                                 clipping.
    ``weight_grad_ratio``        ``weight_grad_mean`` divided by the mean magnitude of the weights.
    ``dead_relu_share``          Share of the channels of an ``nn.ReLU`` or ``nn.ReLU6`` that are 0 at every position of
                                 every image of the batch.
    ``saturated_share``          Share of the outputs of an ``nn.Sigmoid`` or ``nn.Tanh``, or of the activation that a
                                 ``SquaredErrorLoss`` applies, that are within 1 % of the output range from its limits.
                                 A warning names the module when the share reaches 99 %.
    ``softmax_normaliser_mean``  Mean over samples or pixels of :math:`s = \sum_i e^{x_i}` of a loss's scores (*Be
                                 Careful What You Backpropagate*, Figure 5).
    ``softmax_normaliser_sum``   Sum of :math:`s` over the batch.
    ===========================  ======================================================================================

    The file ``vis_data/gradient_histograms.json`` gets one line per loss and recorded iteration: a histogram of the
    output deltas (*Be Careful What You Backpropagate*, Figure 2). An output delta is the gradient with respect to a
    score times the number of samples that the loss averages over, i.e. :math:`y - t` of one sample. That number is
    ``avg_factor`` if the head passes one, else the number of samples or pixels that the loss includes in its mean. Loss
    weights and class weights remain in the deltas; ignored pixels are left out. Losses of a list that receive the same
    tensor are recorded as one loss under the path of the first.

    Under mixed precision all values are unscaled. With gradient accumulation, weight gradients are written at the next
    update. Activation functions are recorded only if they are modules, not function calls.

    Args:
        interval (int): number of iterations between records, at least 1.
        layers (Sequence[str] | None): module paths such as ``'backbone.stages.0.3'``. Default: None, every convolution
            and linear layer.

    Raises:
        ValueError: if ``interval`` is below 1; when training starts, if the model lacks a layer, is compiled, or the
            optimizer wrapper scales gradients in a way that this hook can't undo.
    """

    def __init__(self, interval: int = 100, layers: Sequence[str] | None = None) -> None:
        interval = check_integer('interval', interval, 'a positive number of iterations')
        if interval < 1:
            raise ConfigError(f'interval={interval!r}: expected a positive number of iterations')
        if isinstance(layers, str):
            raise ConfigError(f'layers={layers!r}: expected a list of module paths, or None')
        self.interval = interval
        self.layers = layers
        self._recording: IterationRecording | None = None
        self._factor = 1.0  # turns a gradient of the backward pass into that of the loss
        self._paths: list[str] = []
        self._saturated: set[str] = set()  # names of the saturated shares of the last record
        self._uncalled_are_named = False
        self._step_hook = None
        self._weight_scalars: dict[str, float] | None = None  # set by the optimizer's step

    def before_train(self, runner: Any) -> None:
        if runner.cfg.get('compile'):
            raise ConfigError(
                f'compile={runner.cfg.compile!r}: expected no compilation with GradientStatsHook, because a compiled '
                'model runs without hooks; remove one of the two'
            )
        wrapper = runner.optim_wrapper
        if not isinstance(wrapper, OptimWrapper) or isinstance(wrapper, (ApexOptimWrapper, OptimWrapperDict)):
            raise ConfigError(
                f'optim_wrapper={type(wrapper).__name__}: expected OptimWrapper or AmpOptimWrapper, whose loss scale '
                'GradientStatsHook can read'
            )
        model = _unwrapped_model(runner)
        if self.layers is None:
            self._paths = [path for path, module in model.named_modules() if isinstance(module, (_ConvNd, nn.Linear))]
        else:
            for path in self.layers:
                find_module(model, path, 'layers')
            self._paths = list(self.layers)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        if runner.iter % self.interval and batch_idx:
            return
        model = _unwrapped_model(runner)
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

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        scalars = {}
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.remove_hooks()
            recorded = recording.scalars(self._factor)
            self._warn_of_saturation(recorded, runner.iter + 1)
            self._warn_of_uncalled_losses(recording)
            scalars |= recorded
            self._write_histograms(runner, batch_idx, recording)
        if self._weight_scalars is not None:
            scalars |= self._weight_scalars
            self._remove_step_hook()
        if scalars:
            runner.visualizer.add_scalars(scalars, step=runner.iter + 1)

    def after_train(self, runner: Any) -> None:
        if self._step_hook is not None:  # the last gradients were accumulated without an update
            self._remove_step_hook()

    def _warn_of_saturation(self, scalars: dict[str, float], step: int) -> None:
        """Log which sigmoid and tanh outputs have become saturated since the last record."""
        shares = {name: share for name, share in scalars.items() if name.startswith(scalar_name(SATURATED_SHARE, ''))}
        saturated = {name for name, share in shares.items() if share >= SATURATED}
        for name in sorted(saturated - self._saturated) if is_main_process() else ():
            print_log(
                f'iteration {step}: {shares[name]:.1%} of the outputs of {name.rpartition("/")[2]} are saturated, so '
                'their gradient is nearly 0; if the loss no longer falls, lower the learning rate or the initial '
                'weights, or train linear outputs',
                'current',
                logging.WARNING,
            )
        self._saturated = saturated

    def _warn_of_uncalled_losses(self, recording: IterationRecording) -> None:
        """Log once which losses have no output deltas."""
        if recording.uncalled_losses and not self._uncalled_are_named and is_main_process():
            print_log(
                f'GradientStatsHook records no output deltas of {", ".join(recording.uncalled_losses)}, which the head '
                'does not call: FullResolutionLoss computes the gradient of its scores without them; train without it '
                'to record them',
                'current',
                logging.WARNING,
            )
        self._uncalled_are_named = True

    def _remove_step_hook(self) -> None:
        self._step_hook.remove()
        self._step_hook = self._weight_scalars = None

    def _record_weights(self, optimizer: torch.optim.Optimizer, weights: dict[str, nn.Parameter]) -> None:
        # A fused optimizer gets scaled gradients and this attribute, and unscales them in its step.
        self._weight_scalars = weight_gradient_scalars(weights, getattr(optimizer, 'grad_scale', None))

    def _write_histograms(self, runner: Any, batch_idx: int, recording: IterationRecording) -> None:
        histograms = recording.histograms(self._factor)  # a collective call: every process makes it
        if histograms and is_main_process():
            append_histograms(
                Path(runner.log_dir) / 'vis_data',
                (
                    DeltaHistogram(runner.iter + 1, runner.epoch + 1, batch_idx + 1, path, *binned)
                    for path, binned in histograms.items()
                ),
            )


def _unwrapped_model(runner: Any) -> nn.Module:
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def _loss_scale(optim_wrapper: OptimWrapper) -> float:
    """Return the factor on the loss of the next backward pass, from gradient accumulation and mixed precision."""
    scaler = getattr(optim_wrapper, 'loss_scaler', None)
    return optim_wrapper.scale_loss(torch.ones(())).item() * (1.0 if scaler is None else scaler.get_scale())
