"""Checkpoints of unspecified kind allow a second backward pass and update batch norm's statistics once a step."""

import copy

import pytest
import torch
from torch import nn
from torch.utils import checkpoint as cp

from mmgb.functional import AuxiliaryRange, GradientGate
from mmgb.functional.relay.activation_checkpoint import non_reentrant_checkpoints


class Network(nn.Module):
    def __init__(self, checkpointed, **options):
        super().__init__()
        torch.manual_seed(0)
        self.blocks = nn.Sequential(*(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.ReLU()) for _ in range(4)))
        self.checkpointed, self.options = checkpointed, options

    def forward(self, x):
        for block in self.blocks:
            x = cp.checkpoint(block, x, **self.options) if self.checkpointed else block(x)
        return x


def train(network):
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    gate = GradientGate(network, [AuxiliaryRange('blocks.2.2')], 'blocks.1.0')
    with non_reentrant_checkpoints(network), gate as found:
        loss = network(x).square().sum()
    (loss + found[0].sum()).backward()


@pytest.mark.filterwarnings('ignore:.*use_reentrant')
def test_gradients_and_statistics_equal_those_without_checkpoints():
    plain = Network(False)
    checkpointed = copy.deepcopy(plain)
    checkpointed.checkpointed = True
    train(plain)
    train(checkpointed)
    for (name, one), other in zip(plain.named_parameters(), checkpointed.parameters()):
        assert torch.allclose(one.grad, other.grad, rtol=1e-6), name
    for (name, one), other in zip(plain.named_buffers(), checkpointed.buffers()):
        assert torch.equal(one, other), name


def test_an_explicit_choice_of_the_caller_is_kept():
    with pytest.raises(ValueError, match="^lowest='blocks.1.0': .* gradients enabled.* use_reentrant=False"):
        train(Network(True, use_reentrant=True))


def test_the_function_is_restored_after_the_block_even_if_it_raises():
    original = cp.checkpoint
    with pytest.raises(ZeroDivisionError), non_reentrant_checkpoints(nn.Identity()):
        assert cp.checkpoint is not original
        raise ZeroDivisionError
    assert cp.checkpoint is original
