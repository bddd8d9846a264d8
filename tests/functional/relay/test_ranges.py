"""Ranges name existing modules, and each auxiliary loss has a source of its own."""

import pytest
from torch import nn

from mmgb.functional import AuxiliaryRange
from mmgb.functional.errors import ConfigError
from mmgb.functional.relay.ranges import check_paths, lowest_paths


def network():
    return nn.ModuleDict(dict(first=nn.Identity(), middle=nn.Identity(), last=nn.Identity()))


def test_lowest_paths_are_listed_once_and_without_none():
    auxiliaries = [AuxiliaryRange('a'), AuxiliaryRange('b', 'x'), AuxiliaryRange('c', 'y'), AuxiliaryRange('d', 'x')]
    assert lowest_paths(auxiliaries, 'y') == ['y', 'x']
    assert lowest_paths(auxiliaries[:1], None) == []


def test_existing_paths_are_accepted():
    check_paths(network(), [AuxiliaryRange('last', 'first'), AuxiliaryRange('first')], 'middle')


@pytest.mark.parametrize(
    'auxiliaries, primary_lowest, message',
    [
        ([AuxiliaryRange('lats')], None, r"^source='lats': no such module; close matches: last"),
        ([AuxiliaryRange('last', 'frist')], None, r"^lowest='frist': no such module; close matches: first"),
        ([AuxiliaryRange(5)], None, r'^source=5: expected the path of a module'),
        ([AuxiliaryRange('last', ['first'])], None, r"^lowest=\['first'\]: expected the path of a module"),
        ([AuxiliaryRange('last')], 'midle', r"^lowest='midle': no such module; close matches: middle"),
        ([AuxiliaryRange('last'), AuxiliaryRange('last', 'first')], None, r"^source='last': expected another source"),
    ],
)
def test_wrong_paths_and_shared_sources_are_rejected(auxiliaries, primary_lowest, message):
    with pytest.raises(ConfigError, match=message):
        check_paths(network(), auxiliaries, primary_lowest)
