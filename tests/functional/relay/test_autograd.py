"""A gate lets only the surviving gradient pass; an entry sends its gradient to the gates first."""

import torch
from torch.autograd.graph import get_gradient_edge

from mmgb.functional.relay.autograd import BackwardState, Entry, Gate, GateHandle, SurvivingGradient


def test_the_survivors_are_summed_and_taken_once():
    surviving = SurvivingGradient()
    assert surviving.take() is None
    surviving.add(torch.tensor(2.0))
    surviving.add(torch.tensor(3.0))
    assert surviving.take() == 5 and surviving.take() is None


def test_a_gate_is_an_alias_that_ends_the_gradient():
    below = torch.ones(3, requires_grad=True)
    entering = below * 2
    alias = Gate.apply(entering, BackwardState(), SurvivingGradient())
    assert alias.data_ptr() == entering.data_ptr() and torch.equal(alias, entering)
    alias.sum().backward()
    assert below.grad is None or not below.grad.any()


def test_only_the_gradient_of_an_entry_that_knows_the_gate_passes_it():
    below = torch.ones(3, requires_grad=True)
    state, surviving = BackwardState(), SurvivingGradient()
    alias = Gate.apply(below * 2, state, surviving)
    gate = GateHandle(get_gradient_edge(alias), surviving)
    hidden = alias * 5
    survivor = Entry.apply(hidden, state, [gate], True)
    ending = Entry.apply(hidden, state, [], False)
    (7 * survivor.sum() + 11 * ending.sum()).backward()
    assert below.grad.tolist() == [7 * 5 * 2] * 3
    assert not state.relaying


def test_an_entry_with_copy_is_independent_of_later_changes_in_place():
    output = torch.ones(3, requires_grad=True) * 2
    copy = Entry.apply(output, BackwardState(), [], True)
    alias = Entry.apply(output, BackwardState(), [], False)
    alias.detach().zero_()
    assert copy.tolist() == [2, 2, 2] and output.tolist() == [0, 0, 0]


def test_a_backward_pass_that_ends_above_the_gate_leaves_nothing_for_the_next():
    def gradients(partial):
        torch.manual_seed(0)
        layers = torch.nn.Sequential(*[torch.nn.Linear(3, 3) for _ in range(4)])
        state, surviving = BackwardState(), SurvivingGradient()
        alias = Gate.apply(layers[0](torch.ones(2, 3)), state, surviving)
        hidden = layers[2](layers[1](alias))
        survivor = Entry.apply(hidden, state, [GateHandle(get_gradient_edge(alias), surviving)], True)
        loss = layers[3](survivor).square().sum()
        if partial:
            torch.autograd.grad(loss, layers[2].weight, retain_graph=True)
            torch.autograd.backward(loss, inputs=[layers[3].weight], retain_graph=True)
            layers.zero_grad()
        loss.backward()
        return [parameter.grad for parameter in layers.parameters()]

    expected = gradients(partial=False)
    assert all(gradient.any() for gradient in expected)
    torch.testing.assert_close(gradients(partial=True), expected, rtol=0, atol=0)
