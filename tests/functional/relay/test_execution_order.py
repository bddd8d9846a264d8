"""Modules are recorded in the order in which they run; those that run twice, never or without gradients are errors."""

import math

import pytest
import torch

from mmgb.functional.errors import ConfigError
from mmgb.functional.relay.execution_order import ExecutionOrder


def test_positions_grow_in_the_order_of_the_forward_pass():
    order = ExecutionOrder()
    for role, path in (('lowest', 'a'), ('source', 'a'), ('lowest', 'b')):
        order.record(role, path)
    assert order.position('lowest', 'a') < order.position('source', 'a') < order.position('lowest', 'b')
    assert order.start('b') == order.position('lowest', 'b') and order.start(None) == -math.inf
    assert order.lowest_at(order.start('b')) == 'b'


def test_a_module_that_runs_twice_or_never_is_rejected():
    order = ExecutionOrder()
    order.record('lowest', 'a')
    with pytest.raises(ConfigError, match="^lowest='a': expected .* once per forward pass, .* runs several times"):
        order.record('lowest', 'a')
    with pytest.raises(ConfigError, match="^source='a': .* did not run"):
        order.position('source', 'a')


def test_a_module_without_gradients_is_rejected_only_if_the_forward_pass_has_gradients():
    order = ExecutionOrder()
    with torch.no_grad():
        with pytest.raises(ConfigError, match="^source='a': .* gradients enabled.* use_reentrant=False"):
            order.record('source', 'a')
        evaluation = ExecutionOrder()
        evaluation.record('source', 'a')
