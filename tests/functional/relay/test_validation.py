"""Ranges that a network doesn't have are found in the graph of its first forward pass, and named."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from mmgb.functional import AuxiliaryRange, GradientGate
from mmgb.functional.relay.validation import check_ranges


class Network(nn.Module):
    """A chain of four layers; ``skip`` leads around the third, ``lateral`` around the third and into the sum."""

    def __init__(self, way=None):
        super().__init__()
        self.one, self.two, self.three, self.four = (nn.Linear(3, 3) for _ in range(4))
        self.way = way

    def forward(self, x):
        two = self.two(self.one(x))
        three = checkpoint(self.three, two, use_reentrant=True) if self.way == 'reentrant' else self.three(two)
        if self.way == 'skip':
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
def test_ranges_of_a_chain_pass(auxiliaries, primary_lowest):
    check(Network(), auxiliaries, primary_lowest)


@pytest.mark.parametrize(
    'auxiliaries, primary_lowest, message',
    [
        (
            [AuxiliaryRange('two')],
            'three',
            r'the primary loss reaches one.bias, one.weight, two.bias and 1 more also by '
            r"another way than through lowest='three'",
        ),
        (
            [AuxiliaryRange('four', 'three')],
            None,
            r"the auxiliary loss of source='four' reaches one.bias.*lowest='three'",
        ),
    ],
)
def test_a_second_way_around_an_end_is_refused(auxiliaries, primary_lowest, message):
    with pytest.raises(ValueError, match=message):
        check(Network('skip'), auxiliaries, primary_lowest)


def test_a_second_way_around_a_source_from_which_the_primary_loss_is_taken_along_is_refused():
    with pytest.raises(
        ValueError,
        match=r"the primary loss reaches lowest='two' also by another way than through "
        r"source='three'",
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
    with pytest.raises(ValueError, match=message):
        check(Network(), auxiliaries, primary_lowest)


def test_frozen_layers_may_lie_outside_of_all_ranges():
    network = Network()
    network.one.requires_grad_(False)
    check(network, [AuxiliaryRange('three')], 'two')
    check(network, [], 'two')


def test_a_range_without_a_parameter_to_train_is_refused():
    network = Network()
    network.one.requires_grad_(False)
    with pytest.raises(ValueError, match=r"source='one': no layer below it is left to train"):
        check(network, [AuxiliaryRange('one')])
    network.three.requires_grad_(False)
    with pytest.raises(ValueError, match=r"source='three' has no parameter left to train down to lowest='three'"):
        check(network, [AuxiliaryRange('three', 'three')])


def test_reentrant_checkpoints_are_refused():
    with pytest.raises(ValueError, match='use_reentrant=False'):
        check(Network('reentrant'), [AuxiliaryRange('two')], 'two')
