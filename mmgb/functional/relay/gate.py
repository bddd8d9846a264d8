r"""Relay Backpropagation with one ordinary ``backward()``.

Source: Shen, Lin, Huang, *Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks*
(arXiv:1512.05830), Section 4. Each loss updates a range of layers: the primary loss from its lowest layer to the
output, an auxiliary loss from its lowest layer to its source, the layer whose output feeds the loss. Parameter
:math:`\theta` receives :math:`\sum_{i:\,\theta \in R_i} \partial L_i / \partial \theta`, where :math:`R_i` is the range
of loss :math:`L_i`.

Gradients are additive, so inside the ranges the backward pass carries the sum of all losses. A *gate* at the input of a
loss's lowest layer ends that loss's gradient and lets only the gradients of the other losses pass. If there are any,
they reach the gate before the sum does, by a second backward pass for feature maps only, from the sources of those
losses through the layers where the ranges overlap (:mod:`mmgb.functional.relay.plan` selects the sources). No gradient
is subtracted, so none is lost to cancellation.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ..errors import ConfigError
from .forward_pass import ForwardPass
from .ranges import AuxiliaryRange, check_paths

__all__ = ['AuxiliaryRange', 'GradientGate']


class GradientGate:
    """Context manager that limits each loss of a forward pass to its range of layers.

    .. code-block:: python

        gate = GradientGate(model, [AuxiliaryRange('layer3.3')], primary_lowest='layer3.0')
        with gate as features:
            scores = model(images)
        (loss(scores) + 0.3 * loss(head(features[0]))).backward()

    The block yields the list of the auxiliary losses' inputs, which is filled as the sources run. Hooks are on the
    model inside the block only, also if the block fails. One gate serves many blocks, but one at a time.

    The modules must form a chain: everything that the layers above a lowest module receive from the layers below it
    must pass through its input. :func:`mmgb.functional.relay.validation.check_ranges` checks this.

    Args:
        model: model that contains the modules.
        auxiliaries: range of each auxiliary loss.
        primary_lowest: path of the lowest module that the primary loss updates. None: every layer.

    Attributes:
        forward_pass: record of the latest block; not set before the first one.

    Raises:
        ConfigError: if a path names no module, or two auxiliary losses have the same source. In the block, if a source
            returns anything but one tensor, a lowest module takes anything but one tensor, a module runs several times
            or never, a lowest module runs after its source, or a block of the same gate begins.
    """

    def __init__(
        self, model: nn.Module, auxiliaries: Sequence[AuxiliaryRange], primary_lowest: str | None = None
    ) -> None:
        self.model = model
        self.auxiliaries = list(auxiliaries)
        self.primary_lowest = primary_lowest
        self.forward_pass: ForwardPass
        self._entered = False
        check_paths(model, self.auxiliaries, primary_lowest)

    def __enter__(self) -> list[Tensor | None]:
        if self._entered:
            raise ConfigError(
                'GradientGate: expected one block at a time, got a block inside a block of the same gate; leave the '
                'outer one first'
            )
        self.forward_pass = ForwardPass(self.model, self.auxiliaries, self.primary_lowest)
        self._entered = True
        return self.forward_pass.features

    def __exit__(self, error_type: type[BaseException] | None, error: BaseException | None, traceback: object) -> None:
        self._entered = False
        self.forward_pass.remove_hooks()
        if error is None:
            self.forward_pass.link()
