r"""Relay Backpropagation's gradients in one ordinary ``backward()``.

Source: Shen, Lin, Huang, *Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks* (2015),
Section 3. Each loss updates a range of layers only: the primary loss those from its lowest layer to the output, an
auxiliary loss those from its lowest layer to the one whose output feeds it. A parameter receives
:math:`\sum_{i:\,\theta \in R_i} \partial L_i / \partial \theta`.

Gradients add up, so inside the ranges the backward pass carries the sum. Only where a loss ends, at the entrance of its
lowest layer, stands a *gate*, which lets the other losses' share through. Where there are others, their share is
brought there a second time, on its own and as gradients of the feature maps alone, before the sum arrives: from the
sources of these losses (:mod:`mmgb.functional.relay.plan` says which), through the layers in which the ranges overlap.
Nothing is subtracted, so nothing cancels.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ..errors import ConfigError
from ..module_paths import find_module
from .forward_pass import AuxiliaryRange, ForwardPass, lowest_paths


class GradientGate:
    """Ends the gradient of each loss where its range ends.

    .. code-block:: python

        gate = GradientGate(model, [AuxiliaryRange('layer3.3')], primary_lowest='layer3.0')
        with gate as features:
            scores = model(images)
        (loss(scores) + 0.3 * loss(head(features[0]))).backward()

    Outside of the ``with`` block the model is as it was: hooks live inside it only. The modules must form a chain: what
    enters a lowest module must be all that the layers below give to those above
    (:func:`mmgb.functional.relay.validation.check_ranges` finds out).

    Args:
        model: holds the modules.
        auxiliaries: a range for each auxiliary loss.
        primary_lowest: the lowest module that the primary loss updates; None: down to the bottom.

    Raises:
        ValueError: a path without a module. In the ``with`` block: a source whose output isn't one tensor; a lowest
            module that isn't given exactly one tensor; a module that runs several times or not at all; a lowest module
            that runs after its source.
    """

    def __init__(
        self, model: nn.Module, auxiliaries: Sequence[AuxiliaryRange], primary_lowest: str | None = None
    ) -> None:
        self.model = model
        self.auxiliaries = list(auxiliaries)
        self.primary_lowest = primary_lowest
        self.forward_pass: ForwardPass | None = None
        sources = [auxiliary.source for auxiliary in self.auxiliaries]
        for path in sources:
            if sources.count(path) > 1:
                raise ConfigError(f'source={path!r} is used twice')
        for path in sources:
            find_module(model, path, 'source')
        for path in lowest_paths(self.auxiliaries, primary_lowest):
            find_module(model, path, 'lowest')

    def __enter__(self) -> list[Tensor | None]:
        """The list of the auxiliary losses' inputs, filled when their sources run."""
        self.forward_pass = ForwardPass(self.model, self.auxiliaries, self.primary_lowest)
        return self.forward_pass.features

    def __exit__(self, kind, error, trace) -> None:
        self.forward_pass.remove_hooks()
        if error is None:
            self.forward_pass.link()
