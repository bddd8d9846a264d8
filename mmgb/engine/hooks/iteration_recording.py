"""What goes forward and backward through chosen modules in one training iteration."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any, NamedTuple

import torch
from mmengine.dist import all_reduce, get_world_size
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.gradient_statistics import (
    active_counts,
    finite_range,
    histogram,
    histogram_edges,
    moments,
    normaliser_sums,
    rms,
    saturated_counts,
    share,
    squares,
    variance,
)

from .loss_calls import LossCall, loss_call, loss_modules

RELUS = (nn.ReLU, nn.ReLU6)
LIMITS = {nn.Sigmoid: (0.0, 1.0), nn.Tanh: (-1.0, 1.0)}


class DeltaHistogram(NamedTuple):
    """Attributes:
    edges: of the bins, ascending.
    counts: one fewer.
    not_finite: how many deltas were NaN or infinite.
    """

    edges: list[float]
    counts: list[int]
    not_finite: int


class Deltas:
    """The gradient of one tensor of scores, to be multiplied by what the loss divides by."""

    def __init__(self, call: LossCall) -> None:
        self.call = call
        self.values: Tensor | None = None  # float32, once the backward pass has been here


class IterationRecording:
    """Hooks for one forward and backward pass of a model.

    Activations are reduced to sums when a module has run, before a later in-place module overwrites its output;
    gradients when they arrive. A second pass over the same tensor (Relay Backpropagation sends one ahead) replaces what
    the first one left. Modules that run again in the backward pass (activation checkpointing) count once.

    Args:
        model: unwrapped.
        layers: paths of the modules whose outputs and their gradients are recorded.

    Raises:
        ValueError: in the forward pass, if the output of such a module isn't one tensor.
    """

    def __init__(self, model: nn.Module, layers: list[str]) -> None:
        self._in_backward = False
        self._activations: dict[str, Tensor] = {}
        self._gradients: dict[str, list[Tensor | None]] = {path: [] for path in layers}
        self._active: dict[str, list[Tensor]] = defaultdict(list)
        self._saturated: dict[str, Tensor] = {}
        self._normalisers: dict[str, Tensor] = {}
        self._deltas: dict[str, list[Deltas]] = defaultdict(list)
        self._handles = [
            model.get_submodule(path).register_forward_hook(partial(self._leave_layer, path)) for path in layers
        ]
        self._handles += [
            module.register_forward_hook(partial(self._leave_activation, path))
            for path, module in model.named_modules()
            if isinstance(module, (*RELUS, *LIMITS))
        ]
        self._handles += [
            module.register_forward_pre_hook(partial(self._enter_loss, path), with_kwargs=True)
            for path, module in loss_modules(model).items()
        ]

    def remove_hooks(self) -> None:
        for handle in self._handles:
            handle.remove()

    def scalars(self, factor: float) -> dict[str, float]:
        """The statistics of all processes' batches together, by name. ``factor`` times a gradient of the backward pass
        is that of a process's loss; all processes' loss is the mean of theirs."""
        gradients = {path: [sums for sums in self._gradients[path] if sums is not None] for path in self._activations}
        groups = _reduced(
            dict(  # in the order in which the modules have run
                error={path: sum(found) for path, found in gradients.items() if found},
                activation=self._activations,
                active={path: torch.cat(found) for path, found in self._active.items()},
                saturated=self._saturated,
                normaliser=self._normalisers,
            )
        )
        scalars = {}
        for path, sums in groups['error'].items():
            scalars[f'error_rms/{path}'] = rms(sums) * factor / get_world_size()
        for path, sums in groups['activation'].items():
            scalars[f'activation_variance/{path}'] = variance(sums)
        for path, counts in groups['active'].items():
            scalars[f'dead_relu_share/{path}'] = (counts == 0).double().mean().item()
        for path, sums in groups['saturated'].items():
            scalars[f'saturated_share/{path}'] = share(sums)
        for path, sums in groups['normaliser'].items():
            count, total = sums.tolist()
            scalars[f'softmax_normaliser_sum/{path}'] = total
            if count > 0:
                scalars[f'softmax_normaliser_mean/{path}'] = total / count
        return scalars

    def histograms(self, factor: float) -> dict[str, DeltaHistogram]:
        """The output deltas of all processes' samples, by the loss's path; ``factor`` as in :meth:`scalars`."""
        found = {}
        for path, deltas in self._deltas.items():
            calls = [(delta.call, delta.values * factor) for delta in deltas if delta.values is not None]
            if not calls:
                continue
            limits = torch.stack([finite_range(values) for _, values in calls]).amax(0)
            all_reduce(limits, 'max')
            low, high = (limits * limits.new_tensor([-1, 1])).tolist()
            if not low < high:  # one value only, or none at all
                low, high = (low - 0.5, low + 0.5) if low == high else (-0.5, 0.5)
            edges = histogram_edges(low, high).to(limits.device)
            counts = sum(histogram(values, edges) for _, values in calls)
            zero = histogram(edges.new_zeros(1), edges)
            not_finite = counts.new_zeros(1)
            for call, values in calls:
                not_finite += values.numel() - torch.isfinite(values).sum()
                if call.valid is not None:  # an ignored pixel is no sample: its deltas, zeros, don't count
                    counts -= zero * (call.valid.numel() - torch.count_nonzero(call.valid)) * call.scores.shape[1]
            reduced = torch.cat([counts, not_finite])
            all_reduce(reduced)
            *counts, not_finite = map(int, reduced.tolist())
            found[path] = DeltaHistogram(edges.tolist(), counts, not_finite)
        return found

    def _leave_layer(self, path: str, module: nn.Module, args: tuple, output: Any) -> None:
        if not isinstance(output, Tensor):
            raise ConfigError(
                f'layers={path!r} gives a {type(output).__name__}: expected a module whose output is one tensor'
            )
        if not self._in_backward:
            self._activations[path] = self._activations.get(path, 0) + moments(output)
        if output.requires_grad:
            gradients = self._gradients[path]
            gradients.append(None)
            output.register_hook(partial(self._layer_gradient, gradients, len(gradients) - 1))

    def _leave_activation(self, path: str, module: nn.Module, args: tuple, output: Tensor) -> None:
        if self._in_backward:
            return
        if isinstance(module, RELUS):
            self._active[path].append(active_counts(output))
        else:
            low, high = next(limits for kind, limits in LIMITS.items() if isinstance(module, kind))
            self._saturated[path] = self._saturated.get(path, 0) + saturated_counts(output, low, high)

    def _enter_loss(self, path: str, module: nn.Module, args: tuple, kwargs: dict) -> None:
        call = loss_call(module, args, kwargs)
        # The losses of a list are given the same scores, whose gradient is that of them all.
        if (
            call is None
            or self._in_backward
            or any(call.scores is delta.call.scores for deltas in self._deltas.values() for delta in deltas)
        ):
            return
        self._normalisers[path] = self._normalisers.get(path, 0) + normaliser_sums(call.scores, call.valid)
        deltas = Deltas(call)
        self._deltas[path].append(deltas)
        if call.scores.requires_grad:
            call.scores.register_hook(partial(self._score_gradient, deltas))

    def _layer_gradient(self, gradients: list[Tensor | None], position: int, gradient: Tensor) -> None:
        self._in_backward = True
        gradients[position] = squares(gradient)

    def _score_gradient(self, deltas: Deltas, gradient: Tensor) -> None:
        self._in_backward = True
        deltas.values = gradient.float() * deltas.call.averaged


def _reduced(groups: dict[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """The sums over all processes, in one message, on the CPU. Each must have run the same modules."""
    tensors = [sums for group in groups.values() for sums in group.values()]
    if not tensors:
        return groups
    everything = torch.cat(tensors)
    all_reduce(everything)
    parts = iter(everything.cpu().split([len(sums) for sums in tensors]))
    return {name: {path: next(parts) for path in group} for name, group in groups.items()}
