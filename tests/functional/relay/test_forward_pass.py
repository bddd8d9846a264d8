"""Gates and entries are inserted where the modules run; modules that can't bound a range are rejected by name."""

import pytest
import torch
from torch import nn

from mmgb.functional import AuxiliaryRange
from mmgb.functional.errors import ConfigError
from mmgb.functional.relay.forward_pass import ForwardPass
from mmgb.functional.relay.plan import Relay


class Network(nn.Module):
    """A network with modules that can't bound a range."""

    def __init__(self):
        super().__init__()
        self.first, self.shared, self.unused = nn.Linear(3, 3), nn.Identity(), nn.Linear(3, 3)
        self.pair, self.adder, self.last = Pair(), Adder(), nn.Linear(3, 3)

    def forward(self, x):
        one, two = self.pair(self.shared(self.shared(self.first(x))))
        return self.last(self.adder(one, two))


class Pair(nn.Module):
    def forward(self, x):
        return x + 1, x + 2


class Adder(nn.Module):
    def forward(self, one, two):
        return one + two


def run(network, auxiliaries, primary_lowest=None):
    forward_pass = ForwardPass(network, auxiliaries, primary_lowest)
    try:
        network(torch.randn(2, 3))
    finally:
        forward_pass.remove_hooks()
    forward_pass.link()
    return forward_pass


@pytest.mark.parametrize(
    'auxiliary, primary_lowest, message',
    [
        (('pair',), None, r"^source='pair': expected a module that returns one tensor, got a tuple"),
        (('last',), 'adder', r"^lowest='adder': .* exactly one tensor, got inputs \(Tensor, Tensor\)"),
        (('shared',), None, r"^source='shared': .* runs several times"),
        (('last',), 'shared', r"^lowest='shared': .* runs several times"),
        (('unused',), None, r"^source='unused': .* did not run"),
        (('last',), 'unused', r"^lowest='unused': .* did not run"),
        (('first', 'last'), None, r"^lowest='last': expected .* before source='first', got one that runs after it"),
    ],
)
def test_a_module_that_cannot_bound_a_range_is_rejected(auxiliary, primary_lowest, message):
    network = Network()
    with pytest.raises(ConfigError, match=message):
        run(network, [AuxiliaryRange(*auxiliary)], primary_lowest)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_relays_are_listed_by_the_path_of_the_module_whose_gate_receives_them():
    network = nn.Sequential(*(nn.Linear(3, 3) for _ in range(4)))
    forward_pass = run(network, [AuxiliaryRange('2')], '1')
    assert set(forward_pass.gates) == {'1'} and set(forward_pass.trunks) == {'2'}
    ((path, relay),) = forward_pass.relays.items()
    assert path == '1' and relay == Relay(relay.end, None, (0,))


def test_without_a_gradient_below_there_is_no_gate():
    network = nn.Sequential(*(nn.Linear(3, 3) for _ in range(4)))
    network[0].requires_grad_(False)
    assert not run(network, [AuxiliaryRange('2')], '1').gates


def test_a_tensor_passed_by_keyword_gets_a_gate():
    class Caller(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(3, 3), nn.Linear(3, 3)

        def forward(self, x):
            return self.last(input=self.first(x))

    assert set(run(Caller(), [AuxiliaryRange('last')], 'last').gates) == {'last'}


def test_the_auxiliary_loss_gets_the_output_of_its_source_before_a_change_in_place():
    images = torch.randn(4, 3, 5, 5)
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True), nn.Conv2d(3, 3, 1))
    expected = network[0](images)
    forward_pass = ForwardPass(network, [AuxiliaryRange('0')], None)
    assert forward_pass.features == [None]
    network(images)
    assert expected.min() < 0 and torch.equal(forward_pass.features[0], expected)
