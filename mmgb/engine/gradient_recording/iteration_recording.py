"""Record activations and gradients of chosen modules in one training iteration, by forward hooks."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.gradient_statistics import (
    active_counts,
    moments,
    normaliser_sums,
    rms,
    saturated_counts,
    share,
    squares,
    variance,
)
from mmgb.utils.gradient_records import (
    ACTIVATION_VARIANCE,
    DEAD_RELU_SHARE,
    ERROR_RMS,
    SATURATED_SHARE,
    SOFTMAX_NORMALISER_MEAN,
    SOFTMAX_NORMALISER_SUM,
    scalar_name,
)

from .loss_calls import loss_call, loss_modules
from .output_deltas import BinnedDeltas, OutputDeltas, bin_deltas

RELUS = (nn.ReLU, nn.ReLU6)
LIMITS = {nn.Sigmoid: (0.0, 1.0), nn.Tanh: (-1.0, 1.0)}
OUTPUT_ACTIVATIONS = {'sigmoid': nn.Sigmoid, 'tanh': nn.Tanh}  # that a loss applies to the scores


class IterationRecording:
    """Forward hooks that reduce one forward and backward pass of a model to sums.

    Activations are reduced as soon as a module returns, before a later in-place module can overwrite them; gradients
    are reduced when they arrive. If a second backward pass visits the same tensor (Relay Backpropagation sends an
    input-only pass ahead), its gradient replaces that of the first. Modules that run again during the backward pass
    (activation checkpointing) are counted once.

    Args:
        model (nn.Module): model without a distributed wrapper.
        layers (list[str]): paths of the modules whose outputs and output gradients are recorded.

    Attributes:
        uncalled_losses (dict[str, None]): paths of the losses that were not called, so that they have no output deltas.

    Raises:
        ValueError: during the forward pass, if the output of a module in ``layers`` isn't a tensor.
    """

    def __init__(self, model: nn.Module, layers: list[str]) -> None:
        self._in_backward = False
        self._activations: dict[str, Tensor] = {}
        self._gradients: dict[str, list[Tensor | None]] = {path: [] for path in layers}
        self._active: dict[str, list[Tensor]] = defaultdict(list)
        self._saturated: dict[str, Tensor] = {}
        self._normalisers: dict[str, Tensor] = {}
        self._deltas: dict[str, list[OutputDeltas]] = defaultdict(list)
        losses = loss_modules(model)
        self.uncalled_losses = dict.fromkeys(losses)
        self._handles = [
            model.get_submodule(path).register_forward_hook(partial(self._after_layer, path)) for path in layers
        ]
        self._handles += [
            module.register_forward_hook(partial(self._after_activation, path))
            for path, module in model.named_modules()
            if isinstance(module, (*RELUS, *LIMITS))
        ]
        self._handles += [
            module.register_forward_pre_hook(partial(self._before_loss, path), with_kwargs=True)
            for path, module in losses.items()
        ]

    def remove_hooks(self) -> None:
        """Remove all hooks from the model; recorded values stay."""
        for handle in self._handles:
            handle.remove()

    def scalars(self, factor: float) -> dict[str, float]:
        """Return the statistics over the batches of all processes, by scalar name.

        Args:
            factor (float): turns a gradient of the backward pass into that of this process's loss. The loss of all
                processes is the mean of theirs.
        """
        gradients = {path: [sums for sums in self._gradients[path] if sums is not None] for path in self._activations}
        groups = _reduce_over_processes(
            dict(  # each in the order in which the modules ran
                error={path: sum(found) for path, found in gradients.items() if found},
                activation=self._activations,
                active={path: torch.cat(found) for path, found in self._active.items()},
                saturated=self._saturated,
                normaliser=self._normalisers,
            )
        )
        scalars = {}
        for path, sums in groups['error'].items():
            scalars[scalar_name(ERROR_RMS, path)] = rms(sums) * factor / get_world_size()
        for path, sums in groups['activation'].items():
            scalars[scalar_name(ACTIVATION_VARIANCE, path)] = variance(sums)
        for path, counts in groups['active'].items():
            scalars[scalar_name(DEAD_RELU_SHARE, path)] = (counts == 0).double().mean().item()
        for path, sums in groups['saturated'].items():
            scalars[scalar_name(SATURATED_SHARE, path)] = share(sums)
        for path, sums in groups['normaliser'].items():
            count, total = sums.tolist()
            scalars[scalar_name(SOFTMAX_NORMALISER_SUM, path)] = total
            if count > 0:
                scalars[scalar_name(SOFTMAX_NORMALISER_MEAN, path)] = total / count
        return scalars

    def histograms(self, factor: float) -> dict[str, BinnedDeltas]:
        """Return the output deltas of all processes by the loss's path; ``factor`` as in :meth:`scalars`."""
        binned = {path: bin_deltas(deltas, factor) for path, deltas in self._deltas.items()}
        return {path: found for path, found in binned.items() if found is not None}

    def _after_layer(self, path: str, module: nn.Module, args: tuple, output: Any) -> None:
        if not isinstance(output, Tensor):
            raise ConfigError(
                f'layers={path!r}: expected a module whose output is one tensor, got one that returns '
                f'{type(output).__name__}'
            )
        if not self._in_backward:
            self._activations[path] = self._activations.get(path, 0) + moments(output)
        if output.requires_grad:
            gradients = self._gradients[path]
            gradients.append(None)
            output.register_hook(partial(self._layer_gradient, gradients, len(gradients) - 1))

    def _after_activation(self, path: str, module: nn.Module, args: tuple, output: Tensor) -> None:
        if self._in_backward:
            return
        if isinstance(module, RELUS):
            self._active[path].append(active_counts(output))
        else:
            low, high = next(limits for kind, limits in LIMITS.items() if isinstance(module, kind))
            self._saturated[path] = self._saturated.get(path, 0) + saturated_counts(output, low, high)

    def _before_loss(self, path: str, module: nn.Module, args: tuple, kwargs: dict) -> None:
        if self._in_backward:
            return
        self.uncalled_losses.pop(path, None)
        call = loss_call(module, args, kwargs)
        if call is None or self._is_recorded(call.scores):
            return
        self._normalisers[path] = self._normalisers.get(path, 0) + normaliser_sums(call.scores, call.valid)
        activation = OUTPUT_ACTIVATIONS.get(getattr(getattr(module, 'formula', None), 'activation', None))
        if activation is not None:
            outputs = activation()(call.scores.detach())
            self._saturated[path] = self._saturated.get(path, 0) + saturated_counts(outputs, *LIMITS[activation])
        deltas = OutputDeltas(call)
        self._deltas[path].append(deltas)
        if call.scores.requires_grad:
            call.scores.register_hook(partial(self._score_gradient, deltas))

    def _is_recorded(self, scores: Tensor) -> bool:
        """Return whether an earlier loss got the same scores, whose gradient is then that of both losses."""
        return any(scores is delta.call.scores for deltas in self._deltas.values() for delta in deltas)

    def _layer_gradient(self, gradients: list[Tensor | None], position: int, gradient: Tensor) -> None:
        self._in_backward = True
        gradients[position] = squares(gradient)

    def _score_gradient(self, deltas: OutputDeltas, gradient: Tensor) -> None:
        self._in_backward = True
        deltas.set_gradient(gradient)


def _reduce_over_processes(groups: dict[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Sum over all processes in one message and return CPU tensors. Each process must have run the same modules."""
    tensors = [sums for group in groups.values() for sums in group.values()]
    if not tensors:
        return groups
    everything = torch.cat(tensors)
    all_reduce(everything)
    parts = iter(everything.cpu().split([len(sums) for sums in tensors]))
    return {name: {path: next(parts) for path in group} for name, group in groups.items()}
