"""A refused range comes with the nearest one that fits."""

import pytest
import torch
from torch import nn

from mmgb.functional import AuxiliaryRange, GradientGate
from mmgb.functional.errors import ConfigError
from mmgb.functional.relay.validation import check_ranges
from mmgb.models.relay_bp.fitting_ranges import MOST_TRIED, changes, find_fitting_change, nearby


class Block(nn.Module):
    """Two layers with a skip connection around both."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        return x + self.two(self.one(x))


class Network(nn.Module):
    """Two stages of three blocks; with ``levels``, the head reads both stages."""

    def __init__(self, levels=False):
        super().__init__()
        self.stages = nn.ModuleList(nn.Sequential(Block(), Block(), Block()) for _ in range(2))
        self.head = nn.Linear(3, 2)
        self.levels = levels

    def forward(self, x):
        first = self.stages[0](x)
        second = self.stages[1](first)
        return self.head(first + second if self.levels else second)


def check_in(network):
    def check(ranges, primary_lowest):
        gate = GradientGate(network, ranges, primary_lowest)
        with gate:
            loss = network(torch.randn(2, 3)).sum()
        check_ranges(gate.forward_pass, [loss], dict(network.named_parameters()))

    return check


@pytest.mark.parametrize(
    'levels, ranges, primary_lowest, expected',
    [
        (False, [AuxiliaryRange('stages.1.0')], 'stages.0.2.two', "primary_lowest='stages.0.2'"),
        (True, [AuxiliaryRange('stages.0')], 'stages.1', "primary_lowest='stages.0'"),
        (True, [AuxiliaryRange('stages.0.2')], 'stages.1.2', "primary_lowest='stages.0'"),
        (True, [AuxiliaryRange('stages.0', 'stages.0.1.two')], None, "lowest='stages.0.1' for source='stages.0'"),
        (
            False,
            [AuxiliaryRange('stages.1.1', 'stages.0.1.two'), AuxiliaryRange('stages.0.1')],
            'stages.1.0',
            "lowest='stages.0.1' for source='stages.1.1'",
        ),
        (False, [AuxiliaryRange('stages.1.0.one')], 'stages.1.0.one', "primary_lowest='stages.1.0'"),
    ],
)
def test_the_change_is_the_nearest_that_fits(levels, ranges, primary_lowest, expected):
    network = Network(levels)
    check = check_in(network)
    with pytest.raises(ConfigError):
        check(ranges, primary_lowest)
    found = find_fitting_change(network, ranges, primary_lowest, check)
    assert found == expected
    check(*dict(changes(network, ranges, primary_lowest))[found])


def test_modules_around_come_before_modules_before_it_and_the_models_children_are_left_out():
    assert [*nearby(Network(), 'stages.1.2.two')] == [
        'stages.1.2',
        'stages.1',
        'stages.1.2.one',
        'stages.1.1',
        'stages.1.0',
        'stages.0',
    ]
    assert [*nearby(Network(), 'head')] == [*nearby(Network(), None)] == []


def test_no_more_than_the_limit_is_tried():
    tried = []

    def refuse(ranges, primary_lowest):
        tried.append((ranges, primary_lowest))
        raise ConfigError('x')

    network = Network()
    ranges = [AuxiliaryRange(f'stages.1.{block}.two', 'stages.0.1.two') for block in range(3)]
    assert find_fitting_change(network, ranges, 'stages.1.2.two', refuse) is None
    assert len(tried) == MOST_TRIED < len([*changes(network, ranges, 'stages.1.2.two')])
