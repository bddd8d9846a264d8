"""Nodes and parameters below a loss, with and without a place to stop."""

import torch
from torch import nn

from mmgb.functional.relay.recorded_graph import nodes_below, parameters_of


def test_a_stop_hides_what_is_reached_through_it_alone():
    first, second, beside = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)
    inputs = torch.ones(1, 2)
    hidden = first(inputs)
    loss = (second(hidden) + beside(inputs)).sum()
    model = nn.ModuleDict(dict(first=first, second=second, beside=beside))
    names = {parameter: name for name, parameter in model.named_parameters()}
    assert parameters_of(nodes_below([loss.grad_fn]), names) == set(names.values())
    stopped = nodes_below([loss.grad_fn], stop=hidden.grad_fn)
    assert hidden.grad_fn in stopped
    assert parameters_of(stopped, names) == {'second.weight', 'second.bias', 'beside.weight', 'beside.bias'}
    assert parameters_of(nodes_below([hidden.grad_fn]), {first.weight: 'w'}) == {'w'}
