"""One backward pass gives every parameter the sum of the gradients of the losses whose range contains it.

The definition is written out on a plain copy of the network: each loss differentiated alone, over its own parameters.
"""

import copy
import gc
import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from mmgb.functional import AuxiliaryRange, GradientGate

LAYERS = 6


def block(kind):  # batch norm leaves the biases before it no gradient but rounding errors
    """Layers whose boundaries are as hosts have them: the last or the first operation overwrites its input."""
    if kind == 'relu last':
        return nn.Sequential(nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU(inplace=True))
    if kind == 'relu first':
        return nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3))
    return Residual()


class Residual(nn.Module):
    """Reads its input twice and overwrites a sum."""

    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3)

    def forward(self, x):
        out = self.bn(self.conv(x))
        out += x
        return torch.relu_(out)


def chain(kind):
    torch.manual_seed(0)
    return nn.Sequential(*(block(kind) for _ in range(LAYERS))).double()


IMAGES = torch.randn(4, 3, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
LABELS = torch.tensor([0, 1, 2, 0])
HEADS = [nn.Linear(3, 3).double() for _ in range(4)]


def loss_of(head, features):
    return cross_entropy(head(features.mean((2, 3))), LABELS)


def definition(network, primary_lowest, auxiliaries):
    """The sum over the losses of their gradients, each alone and over its own layers."""
    features, x = [], IMAGES
    for layer in network:
        x = layer(x)
        features.append(x.clone())  # the next layer may overwrite it
    total = {name: torch.zeros_like(parameter) for name, parameter in network.named_parameters()}
    losses = [(primary_lowest, LAYERS - 1, 1.0), *((lowest, source, 0.3) for lowest, source in auxiliaries)]
    for head, (lowest, source, weight) in zip(HEADS, losses):
        own = {
            name: parameter
            for name, parameter in network.named_parameters()
            if (lowest or 0) <= int(name.split('.')[0]) <= source
        }
        gradients = torch.autograd.grad(weight * loss_of(head, features[source]), list(own.values()), retain_graph=True)
        for name, gradient in zip(own, gradients):
            total[name] += gradient
    return total


def path(layer):
    return None if layer is None else str(layer)


def relayed_loss(network, primary_lowest, auxiliaries):
    gate = GradientGate(
        network, [AuxiliaryRange(str(source), path(lowest)) for lowest, source in auxiliaries], path(primary_lowest)
    )
    with gate as features:
        top = network(IMAGES)
    return loss_of(HEADS[0], top) + sum(0.3 * loss_of(head, feature) for head, feature in zip(HEADS[1:], features))


def assert_exact(network, expected):
    for name, parameter in network.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        assert (gradient - expected[name]).norm() <= 1e-10 * expected[name].norm().clamp(min=1e-9), name


@st.composite
def ranges(draw):
    primary_lowest = draw(st.sampled_from([None, *range(LAYERS)]))
    sources = draw(st.lists(st.integers(0, LAYERS - 1), max_size=3, unique=True))
    return primary_lowest, [(draw(st.sampled_from([None, *range(source + 1)])), source) for source in sources]


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(['relu last', 'relu first', 'residual']), case=ranges())
def test_every_parameter_gets_the_sum_over_the_losses_of_its_range(kind, case):
    network = chain(kind)
    expected = definition(copy.deepcopy(network), *case)
    relayed_loss(network, *case).backward()
    assert_exact(network, expected)


CHAINED = 3, [(None, 2), (2, 3)]  # Figure 2
NESTED = None, [(1, 4), (2, 3)]


@pytest.mark.parametrize('case', [CHAINED, NESTED])
def test_a_second_backward_through_the_graph_gives_the_same(case):
    network = chain('relu last')
    expected = definition(copy.deepcopy(network), *case)
    loss = relayed_loss(network, *case)
    loss.backward(retain_graph=True)
    network.zero_grad()
    loss.backward()
    assert_exact(network, expected)


def test_the_gradient_of_one_loss_alone_stays_within_its_range():
    network = chain('relu last')
    gate = GradientGate(network, [AuxiliaryRange('3', '1')], '2')
    with gate as features:
        network(IMAGES)
    loss_of(HEADS[1], features[0]).backward()
    trained = {
        int(name.split('.')[0])
        for name, parameter in network.named_parameters()
        if parameter.grad is not None and parameter.grad.any()
    }
    assert trained == {1, 2, 3}


@pytest.mark.parametrize('case', [CHAINED, NESTED])
def test_nothing_is_left_behind_by_a_pass_nor_by_one_that_fails(case):
    network = chain('relu last')
    expected = definition(copy.deepcopy(network), *case)
    network[4].register_forward_hook(lambda *_: 1 / 0)
    before = {module: (dict(module._forward_hooks), dict(module._forward_pre_hooks)) for module in network.modules()}
    with pytest.raises(ZeroDivisionError):
        relayed_loss(network, *case)
    assert before == {
        module: (dict(module._forward_hooks), dict(module._forward_pre_hooks)) for module in network.modules()
    }
    network[4]._forward_hooks.clear()
    for module in network.modules():  # the statistics moved, in training mode they don't matter
        assert not module._forward_hooks and not module._forward_pre_hooks
    relayed_loss(network, *case).backward()
    assert_exact(network, expected)


def test_the_graph_of_a_loss_that_is_dropped_is_freed_without_the_garbage_collector():
    network = chain('residual')
    gc.disable()
    try:
        gate = GradientGate(network, [AuxiliaryRange('3', '1')], '2')
        with gate as features:
            top = network(IMAGES)
        kept = [weakref.ref(tensor) for tensor in (features[0], top)]
        node = weakref.ref(features[0].grad_fn)
        del gate, features, top
        assert [reference() for reference in kept] == [None, None] and node() is None
    finally:
        gc.enable()


def test_the_auxiliary_loss_sees_what_the_source_gave_although_it_is_overwritten_after():
    network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True), nn.Conv2d(3, 3, 1)).double()
    expected = network[0](IMAGES)
    with GradientGate(network, [AuxiliaryRange('0')]) as features:
        network(IMAGES)
    assert expected.min() < 0 and torch.equal(features[0], expected)


class Odd(nn.Module):
    """A network with everything a range can't be made of."""

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


@pytest.mark.parametrize(
    'auxiliary, primary_lowest, message',
    [
        (('pair',), None, r"source='pair' gives a tuple: expected one tensor"),
        (('last',), 'adder', r"lowest='adder': expected a module that is given exactly one tensor"),
        (('shared',), None, r"source='shared' runs several times"),
        (('last',), 'shared', r"lowest='shared' runs several times"),
        (('unused',), None, r"source='unused' did not run"),
        (('last',), 'unused', r"lowest='unused' did not run"),
        (('first', 'last'), None, r"lowest='last' runs after source='first'"),
    ],
)
def test_what_is_no_range_is_refused_by_name_in_the_forward_pass(auxiliary, primary_lowest, message):
    network = Odd()
    gate = GradientGate(network, [AuxiliaryRange(*auxiliary)], primary_lowest)
    with pytest.raises(ValueError, match=message), gate:
        network(torch.randn(2, 3))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


@pytest.mark.parametrize(
    'arguments, message',
    [
        (([AuxiliaryRange('0.1.2')],), r"source='0.1.2': no such module"),
        (([AuxiliaryRange('lats')],), r"'lats': no such module; close matches: last"),
        (([AuxiliaryRange('last', 'frist')],), r"lowest='frist': no such module; close matches: first"),
        (([AuxiliaryRange('last')], 'addr'), r"lowest='addr': no such module; close matches: adder"),
        (([AuxiliaryRange('last'), AuxiliaryRange('last', 'first')],), r"source='last' is used twice"),
    ],
)
def test_paths_without_a_module_are_refused_at_once_with_close_matches(arguments, message):
    with pytest.raises(ValueError, match=message):
        GradientGate(Odd(), *arguments)


@pytest.mark.parametrize('compiled', ['wrapped', 'in place'])
def test_a_compiled_part_is_refused_by_name(compiled):
    network = nn.Sequential(chain('relu last'), nn.Identity())
    if compiled == 'wrapped':
        network[0] = torch.compile(network[0])
    else:
        network[0].compile()
    with pytest.raises(ValueError, match=r"source='0.2' lies in '0', which is compiled"):
        GradientGate(network, [AuxiliaryRange('0.2')])
