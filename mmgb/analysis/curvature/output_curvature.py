r"""Second derivatives of losses by one output x: those of Section 4 of the gradient-boosting paper, and the true ones.

Source: Øland, Bansal, Dannenberg, Raj, *Be Careful What You Backpropagate* (2017), Section 4. With
:math:`E = \frac12 (y - t)^2` its four Hessians, each a first term less a second one, are

.. math::
    H_{linear} = 1 \qquad H_{softmax} = y^2 - y (t - y),\; y = e^x / s \qquad
    H_{exp} = e^{2x} - e^x (t - e^x) \qquad H_{pow3} = 9 x^4 - 6 x (t - x^3)

The first term is :math:`y'^2`, the second :math:`y'' (t - y)`. The paper prints them as derivatives of
:math:`\|y - t\|^2`, without the ½, which would double them, and with the softmax normaliser s held fixed, although s
contains :math:`e^x`; :func:`softmax_squared_error_curvature` lets it vary.

All functions are elementwise in float64, over tensors of any one shape, unless said otherwise.
"""

from typing import Callable, NamedTuple

import torch
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError
from mmgb.functional.losses.formula import ExpGB, Pow3GB
from mmgb.functional.losses.mirrored_exp_gb import MirroredExpGB
from mmgb.functional.losses.squared_error import SquaredError

Curvature = Callable[[Tensor, Tensor], Tensor]  # (scores (N, C), one-hot labels (N, C)) -> diagonal of H (N, C)


class Hessian(NamedTuple):
    """``total = first - second``, as the paper writes it."""

    first: Tensor
    second: Tensor

    @property
    def total(self) -> Tensor:
        return self.first - self.second


def linear_hessian(x: Tensor, t: Tensor) -> Hessian:
    return Hessian(torch.ones_like(x), torch.zeros_like(x))


def softmax_hessian(x: Tensor, t: Tensor, log_normaliser: Tensor) -> Hessian:
    """With s = exp(log_normaliser) held fixed, as in the paper's (2)."""
    y = (x - log_normaliser).exp()
    return Hessian(y**2, y * (t - y))


def exp_hessian(x: Tensor, t: Tensor) -> Hessian:
    y = x.exp()
    return Hessian(y**2, y * (t - y))


def pow3_hessian(x: Tensor, t: Tensor) -> Hessian:
    return Hessian(9 * x**4, 6 * x * (t - x**3))


def squared_error_hessians(scores: Tensor, targets: Tensor) -> dict[str, Hessian]:
    """The paper's four, by activation, of outputs (N, C) whose softmax is over dimension 1."""
    return {
        'linear': linear_hessian(scores, targets),
        'softmax': softmax_hessian(scores, targets, scores.logsumexp(1, keepdim=True)),
        'exp': exp_hessian(scores, targets),
        'pow3': pow3_hessian(scores, targets),
    }


def softmax_squared_error_curvature(scores: Tensor, targets: Tensor) -> Tensor:
    """The diagonal of the Hessian of ``½Σ(softmax(x) - t)²``, nothing held fixed; all (N, C)."""
    y = scores.softmax(1)
    error = y - targets
    first = y**2 * (1 - 2 * y + (y**2).sum(1, keepdim=True))
    return first + y * (1 - 2 * y) * (error - (error * y).sum(1, keepdim=True))


def cross_entropy_curvature(scores: Tensor, targets: Tensor) -> Tensor:
    """The diagonal ``y(1 - y)`` of softmax + cross-entropy, (N, C), for targets that sum to 1."""
    y = scores.softmax(1)
    return y * (1 - y)


def form_curvature(form: object, scores: Tensor, values: Tensor) -> Tensor:
    """Of one of :mod:`mmgb.functional`'s forms at targets t; where ``max_delta`` clips the delta it is 0.

    Raises:
        TypeError: for another form.
    """
    if isinstance(form, SquaredError):
        y = form.output(scores)
        slope, bend = {
            'linear': (torch.ones_like(y), torch.zeros_like(y)),
            'sigmoid': (y * (1 - y), y * (1 - y) * (1 - 2 * y)),
            'tanh': (1 - y**2, -2 * y * (1 - y**2)),
        }[form.activation]
        return slope**2 + (y - values) * bend
    if isinstance(form, MirroredExpGB):
        return form.alpha * (scores.abs() - 1).exp()  # beside its jump at 0
    if isinstance(form, ExpGB):
        curvature = form.alpha * scores.exp()
    elif isinstance(form, Pow3GB):
        curvature = 3 * form.alpha * scores**2
    else:
        raise TypeError(f'no second derivative is known of {form!r}')
    if form.max_delta is None:
        return curvature
    return curvature.where(form.unbounded_delta(scores, values).abs() <= form.max_delta, 0)


def loss_curvature(loss: nn.Module) -> tuple[str, Curvature]:
    """What a trained head's loss is called, and its second derivatives, without weights and averages.

    Args:
        loss: one of mmgb's, or a host's ``CrossEntropyLoss`` or ``LabelSmoothLoss``, with softmax or sigmoids.

    Raises:
        ValueError: for another loss.
    """
    form = getattr(loss, 'form', None)
    if form is not None:
        negative, positive = loss.targets
        return type(loss).__name__, lambda scores, one_hot: form_curvature(
            form, scores, negative + (positive - negative) * one_hot
        )
    kind = type(loss).__name__
    if kind not in ('CrossEntropyLoss', 'LabelSmoothLoss'):
        raise ConfigError(
            f'the loss is {kind}, whose second derivative this tool does not know; it knows those of '
            "mmgb's losses, CrossEntropyLoss and LabelSmoothLoss"
        )
    if getattr(getattr(loss, 'ce', loss), 'use_sigmoid', False):  # LabelSmoothLoss has its cross-entropy inside
        return f'{kind} of sigmoids', lambda scores, one_hot: scores.sigmoid() * (1 - scores.sigmoid())
    return kind, cross_entropy_curvature
