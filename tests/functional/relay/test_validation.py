"""Ranges that don't fit the network are found in the graph of its first forward pass."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.checkpoint import checkpoint

from mmgb.functional import AuxiliaryRange, GradientGate
from mmgb.functional.errors import ConfigError
from mmgb.functional.relay.validation import check_ranges


class Network(nn.Module):
    """A chain of four layers, the third of which may have a skip connection or a reentrant checkpoint."""

    def __init__(self, variant=None):
        super().__init__()
        self.one, self.two, self.three, self.four = (nn.Linear(3, 3) for _ in range(4))
        self.variant = variant

    def forward(self, x):
        two = self.two(self.one(x))
        three = checkpoint(self.three, two, use_reentrant=True) if self.variant == 'reentrant' else self.three(two)
        if self.variant == 'skip':
            three = three + two
        return self.four(three)


def check(network, auxiliaries, primary_lowest=None):
    gate = GradientGate(network, auxiliaries, primary_lowest)
    with gate:
        loss = network(torch.randn(2, 3)).sum()
    check_ranges(gate.forward_pass, [loss], dict(network.named_parameters()))


@pytest.mark.parametrize(
    'auxiliaries, primary_lowest',
    [
        ([AuxiliaryRange('three')], 'two'),
        ([AuxiliaryRange('two'), AuxiliaryRange('three', 'two')], 'three'),
        ([AuxiliaryRange('three', 'two')], None),
        ([AuxiliaryRange('two')], 'three'),
        ([], None),
    ],
)
def test_ranges_of_a_chain_are_accepted(auxiliaries, primary_lowest):
    check(Network(), auxiliaries, primary_lowest)


@pytest.mark.parametrize(
    'auxiliaries, primary_lowest, message',
    [
        (
            [AuxiliaryRange('two')],
            'three',
            r"^lowest='three': expected a module on every path from the primary loss to one.bias, one.weight, "
            r'two.bias and 1 more, got a path around it',
        ),
        (
            [AuxiliaryRange('four', 'three')],
            None,
            r"^lowest='three': expected .* from the auxiliary loss at source='four' to one.bias.* a path around it",
        ),
    ],
)
def test_a_path_around_a_gate_is_rejected(auxiliaries, primary_lowest, message):
    with pytest.raises(ConfigError, match=message):
        check(Network('skip'), auxiliaries, primary_lowest)


def test_a_path_around_the_source_where_the_primary_gradient_is_forked_is_rejected():
    with pytest.raises(
        ConfigError,
        match=r"^source='three': expected a module on every path from the primary loss to lowest='two', got a path "
        'around it',
    ):
        check(Network('skip'), [AuxiliaryRange('three', 'two')])


@pytest.mark.parametrize(
    'auxiliaries, primary_lowest, message',
    [
        (
            [AuxiliaryRange('three', 'three')],
            'four',
            r'leave one.bias, one.weight, two.bias and 1 more without any gradient',
        ),
        ([AuxiliaryRange('one')], 'three', r'leave two.bias, two.weight without any gradient'),
        ([], 'two', r'leave one.bias, one.weight without any gradient'),
    ],
)
def test_layers_without_a_gradient_are_named(auxiliaries, primary_lowest, message):
    with pytest.raises(ConfigError, match=message):
        check(Network(), auxiliaries, primary_lowest)


def test_frozen_layers_may_be_outside_all_ranges():
    network = Network()
    network.one.requires_grad_(False)
    check(network, [AuxiliaryRange('three')], 'two')
    check(network, [], 'two')


def test_a_range_without_a_trainable_parameter_is_rejected():
    network = Network()
    network.one.requires_grad_(False)
    with pytest.raises(ConfigError, match=r"^source='one': expected a trainable layer at or below it"):
        check(network, [AuxiliaryRange('one')])
    network.three.requires_grad_(False)
    with pytest.raises(ConfigError, match=r"^lowest='three': expected a trainable parameter .* source='three'"):
        check(network, [AuxiliaryRange('three', 'three')])


def test_reentrant_checkpoints_are_rejected():
    with pytest.raises(ConfigError, match='use_reentrant=False'):
        check(Network('reentrant'), [AuxiliaryRange('two')], 'two')


def test_a_lowest_module_outside_the_layers_below_its_loss_is_rejected():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.left, self.right = (nn.Linear(3, 3) for _ in range(3))

        def forward(self, x):
            x = self.stem(x)
            self.left(x)
            return self.right(x)

    with pytest.raises(ConfigError, match=r"^lowest='left': expected a module that feeds the primary loss"):
        check(Branches(), [], 'left')


class Deep(nn.Module):
    """A chain of six layers with a skip connection around some of them."""

    def __init__(self, begin, end):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(3, 3) for _ in range(6))
        self.begin, self.end = begin, end

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            if i == self.begin:
                skipped = x
            x = layer(x)
            if i == self.end:
                x = x + skipped
        return x


LAYER = st.integers(0, 5)
LOWEST = st.one_of(st.none(), LAYER)


@settings(max_examples=300)
@given(
    skip=st.tuples(LAYER, LAYER).map(sorted),
    auxiliaries=st.lists(st.tuples(LAYER, LOWEST), max_size=3, unique_by=lambda pair: pair[0]),
    primary=LOWEST,
    frozen=st.sets(LAYER, max_size=2),
)
def test_layers_without_a_gradient_are_refused_with_a_range_that_works(skip, auxiliaries, primary, frozen):
    network = Deep(*skip)
    for i in frozen:
        network.layers[i].requires_grad_(False)

    def path(layer):
        return None if layer is None else f'layers.{layer}'

    ranges = [AuxiliaryRange(path(source), path(lowest)) for source, lowest in auxiliaries]
    try:
        check(network, ranges, path(primary))
    except ConfigError as error:
        message = str(error)
    else:
        return
    if 'without any gradient' not in message:
        return
    remedy = re.search(
        r'; set (?:lowest=None for (source=\'(?P<source>\S+)\'|every source)|primary_lowest=None'
        r'(?P<all> and lowest=None for every source)?) or freeze these parameters$',
        message,
    )
    source = remedy['source']
    ranges = [AuxiliaryRange(r.source) if remedy['all'] or r.source == source else r for r in ranges]
    check(network, ranges, path(primary) if source else None)


@pytest.mark.parametrize(
    'auxiliaries, primary_lowest, remedy',
    [
        ([AuxiliaryRange('three', 'two')], 'four', "set lowest=None for source='three' or"),
        ([AuxiliaryRange('three', 'three'), AuxiliaryRange('two', 'two')], 'four', "lowest=None for source='two' or"),
        ([AuxiliaryRange('one')], 'three', 'set primary_lowest=None or'),
        ([], 'two', 'set primary_lowest=None or'),
    ],
)
def test_the_named_range_is_the_one_with_the_fewest_layers(auxiliaries, primary_lowest, remedy):
    with pytest.raises(ConfigError, match=f'without any gradient; .*{remedy} freeze these parameters$'):
        check(Network(), auxiliaries, primary_lowest)
