"""Unlearning of right outputs: an exact example, and the closed form of a step against autograd."""

import pytest
import torch
from helpers.markdown_cells import row_cells
from torch import nn

from mmgb.analysis.unlearning import DELTAS, outputs_after_step, unlearned_shares, unlearning_table
from mmgb.functional import exp_gb_loss, pow3_gb_loss, squared_error_loss

LOSSES = {
    'softmax': nn.functional.cross_entropy,
    'linear': lambda outputs, label: squared_error_loss(outputs, label, activation='linear', targets=(0.0, 1.0)),
    'exp-gb': lambda outputs, label: exp_gb_loss(outputs, label, alpha=0.1, targets=(0.0, 16.0)),
    'pow3-gb': lambda outputs, label: pow3_gb_loss(outputs, label, alpha=0.001, beta=0.4, targets=(0.0, 10.0)),
}


def trained_one_step(upper, lower, inputs, label, loss, move):
    """Take the step with autograd; the rate moves the outputs by ``move`` to first order."""
    upper, lower = (weights.clone().requires_grad_() for weights in (upper, lower))

    def outputs_of(upper, lower):
        return upper @ (lower @ inputs).relu()

    outputs = outputs_of(upper, lower)
    gradients = torch.autograd.grad(loss(outputs[None], label[None]), (upper, lower))
    _, change = torch.func.jvp(outputs_of, (upper.detach(), lower.detach()), gradients)
    rate = move / change.norm()
    return outputs_of(*(weights.detach() - rate * each for weights, each in zip((upper, lower), gradients)))


@pytest.mark.parametrize('name', DELTAS)
def test_outputs_after_a_step_are_those_of_autograd(name):
    torch.manual_seed(0)
    upper, lower, inputs = (torch.randn(*shape, dtype=torch.float64) for shape in ((6, 4, 5), (6, 5, 3), (6, 3)))
    labels = torch.randint(4, (6,))
    one_hot = nn.functional.one_hot(labels, 4).double()
    found = outputs_after_step(upper, lower, inputs, one_hot, DELTAS[name], 0.3)
    for i in range(6):
        expected = trained_one_step(upper[i], lower[i], inputs[i], labels[i], LOSSES[name], 0.3)
        torch.testing.assert_close(found[i], expected, rtol=1e-9, atol=1e-9)


def test_only_linear_outputs_unlearn_the_sample_of_section_2_1():
    """Outputs (1, 0.95, -2.1) for class 0: right, but the third is far below the negative target 0.

    Squared error pulls it up through hidden units that it shares with the second output, which overtakes the first.
    """
    lower = torch.eye(3, dtype=torch.float64)[None]
    upper = torch.tensor([[[1.0, 0, 0], [0, 1, 0], [0, 2, -2]]], dtype=torch.float64)
    inputs = torch.tensor([[1, 0.95, 2]], dtype=torch.float64)
    one_hot = torch.tensor([[1.0, 0, 0]], dtype=torch.float64)
    assert torch.allclose(upper[0] @ inputs[0], torch.tensor([1, 0.95, -2.1], dtype=torch.float64))
    after = {name: outputs_after_step(upper, lower, inputs, one_hot, delta, 0.5)[0] for name, delta in DELTAS.items()}
    assert {name: int(outputs.argmax()) for name, outputs in after.items()} == {
        'softmax': 0,
        'linear': 1,
        'exp-gb': 0,
        'pow3-gb': 0,
    }
    assert after['linear'][1:].abs().mean() < (0.95 + 2.1) / 2, 'the wrong classes come closer to their target'


def test_table_has_a_row_for_each_case_in_percent():
    cases = unlearned_shares((1.0, 5.0), (0.3,), samples=50, seed=0)
    assert cases == unlearned_shares((1.0, 5.0), (0.3,), samples=50, seed=0)
    lines = unlearning_table(dict(cases=cases)).splitlines()
    assert len(lines) == 4
    for case, line in zip(cases, lines[2:]):
        cells = row_cells(line)
        assert cells[0] == f'{case["scale"]:g}' and cells[2:] == [
            f'{100 * case["shares"][name]:.2f}' for name in DELTAS
        ]
