r"""Right outputs that one step of gradient descent makes wrong: Section 2.1 of the gradient-boosting paper.

The section says of linear outputs with squared error that a right output can lead "to a weight update that renders the
output incorrect the next time", in exchange for wrong classes' outputs closer to their target. Here a two-layer network
x = W relu(V v) takes one step on one sample whose output is right, without linearisation:

.. math::
    W' = W - \eta\,\delta h^T, \qquad V' = V - \eta\,(W^T\delta \odot 1_{h>0})\,v^T

The rate :math:`\eta` of each loss is the one at which the outputs move by the same distance to first order, so that no
loss takes a longer step than another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.formula import Formula
from mmgb.functional.losses.pow3_gb import Pow3GB
from mmgb.functional.losses.squared_error import SquaredError
from mmgb.utils.markdown import table

Delta = Callable[[Tensor, Tensor], Tensor]  # outputs (N, C) and one-hot labels (N, C) to error deltas (N, C)


def delta_of(formula: Formula) -> Delta:
    """Return the error deltas of a loss of mmgb as a function of outputs and one-hot labels."""
    return lambda outputs, one_hot: formula.delta(outputs, formula.target_of(one_hot))


DELTAS: Mapping[str, Delta] = {
    'softmax': lambda outputs, one_hot: outputs.softmax(1) - one_hot,
    'linear': delta_of(SquaredError('linear', (0.0, 1.0))),
    'exp-gb': delta_of(ExpGB(0.1, (0.0, 16.0))),
    'pow3-gb': delta_of(Pow3GB(0.001, 0.4, (0.0, 10.0))),
}
CLASSES, HIDDEN, INPUTS = 10, 50, 50


def outputs_after_step(
    upper: Tensor, lower: Tensor, inputs: Tensor, one_hot: Tensor, delta: Delta, move: float
) -> Tensor:
    """Return the outputs for each sample after a step on that sample alone, (N, C).

    Args:
        upper: weights W of each sample's network, (N, C, H).
        lower: weights V, (N, H, D).
        inputs: v, (N, D).
        one_hot: labels, (N, C).
        delta: error deltas of the loss.
        move: distance that the outputs move to first order, > 0.
    """
    before = (lower @ inputs[:, :, None]).squeeze(2)
    hidden = before.clamp(min=0)
    deltas = delta((upper @ hidden[:, :, None]).squeeze(2), one_hot)
    below = (deltas[:, None] @ upper).squeeze(1) * (before > 0)
    inputs_square, hidden_square = (values.square().sum(1, keepdim=True) for values in (inputs, hidden))
    direction = hidden_square * deltas + inputs_square * (upper @ below[:, :, None]).squeeze(2)
    rate = move / direction.norm(dim=1, keepdim=True)
    hidden_after = (before - rate * inputs_square * below).clamp(min=0)
    products = (hidden * hidden_after).sum(1, keepdim=True)
    return (upper @ hidden_after[:, :, None]).squeeze(2) - rate * deltas * products


def unlearned_shares(scales: Sequence[float], moves: Sequence[float], samples: int, seed: int) -> list[dict]:
    """Measure how many right outputs of random networks a step on the same sample makes wrong.

    Every sample has its own network, with normal weights and inputs; its label is the class of its largest output.

    Args:
        scales: standard deviations of the outputs.
        moves: distances that the outputs move, relative to that deviation.
        samples: number of samples.
        seed: seed of weights and inputs.

    Returns:
        One dict for each scale and move: both, and the ``shares`` in [0, 1] by loss.
    """
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    upper = normal(samples, CLASSES, HIDDEN) * (2 / HIDDEN) ** 0.5
    lower, inputs = normal(samples, HIDDEN, INPUTS) / INPUTS**0.5, normal(samples, INPUTS)
    outputs = (upper @ (lower @ inputs[:, :, None]).clamp(min=0)).squeeze(2)
    labels = outputs.argmax(1)
    one_hot = torch.nn.functional.one_hot(labels, CLASSES).double()
    found = []
    for scale in scales:
        for move in moves:
            after = {
                name: outputs_after_step(upper * scale, lower, inputs, one_hot, delta, move * scale)
                for name, delta in DELTAS.items()
            }
            shares = {name: (each.argmax(1) != labels).double().mean().item() for name, each in after.items()}
            found.append(dict(scale=scale, move=move, shares=shares))
    return found


def unlearning_table(numbers: Mapping) -> str:
    """Return a row for each scale of the outputs and length of the step, with the shares in percent."""
    header = ['standard deviation of the outputs', 'step', *(f'{name}, %' for name in DELTAS)]
    rows = [
        [
            f'{case["scale"]:g}',
            f'{case["move"]:g} deviations',
            *(f'{100 * case["shares"][name]:.2f}' for name in DELTAS),
        ]
        for case in numbers['cases']
    ]
    return table(header, rows)
