"""One backward pass gives every parameter the sum of the gradients of the losses whose ranges contain it.

The reference is the definition, written out on a plain copy of the network: each loss is differentiated alone, with
respect to its own parameters.
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
from mmgb.functional.errors import ConfigError

LAYERS = 6


def block(kind):
    """Build a block with boundaries as in the hosts: the last or the first operation overwrites its input.

    The convolutions have no bias, because its gradient below a batch norm is a rounding error.
    """
    if kind == 'relu last':
        return nn.Sequential(nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU(inplace=True))
    if kind == 'relu first':
        return nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3))
    return Residual()


class Residual(nn.Module):
    """Residual block that reads its input twice and adds in place."""

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
    """Differentiate each loss alone, with respect to its own layers, and add the gradients."""
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


@settings(max_examples=150)
@given(kind=st.sampled_from(['relu last', 'relu first', 'residual']), case=ranges())
def test_every_parameter_gets_the_sum_of_the_losses_whose_ranges_contain_it(kind, case):
    network = chain(kind)
    expected = definition(copy.deepcopy(network), *case)
    relayed_loss(network, *case).backward()
    assert_exact(network, expected)


CHAINED = 3, [(None, 2), (2, 3)]  # Figure 2
NESTED = None, [(1, 4), (2, 3)]


@pytest.mark.parametrize('case', [CHAINED, NESTED])
def test_a_second_backward_pass_gives_the_same_gradients(case):
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
def test_a_failing_forward_pass_leaves_no_hooks_and_the_next_one_is_exact(case):
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
    for module in network.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
    relayed_loss(network, *case).backward()
    assert_exact(network, expected)


def test_a_dropped_graph_is_freed_without_the_garbage_collector():
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


def test_a_gate_checks_its_paths_when_it_is_made():
    with pytest.raises(ConfigError, match=r"^source='9': no such module"):
        GradientGate(chain('relu last'), [AuxiliaryRange('9')])


def test_one_gate_serves_many_forward_passes():
    network = chain('relu last')
    gate = GradientGate(network, [AuxiliaryRange('3', '1')], '2')
    gradients = []
    for _ in range(2):
        network.zero_grad()
        with gate as features:
            top = network(IMAGES)
        (loss_of(HEADS[0], top) + 0.3 * loss_of(HEADS[1], features[0])).backward()
        gradients.append([parameter.grad.clone() for parameter in network[1:].parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*gradients))


def hooks(network):
    """Count the hooks of every module, in every table in which torch keeps them."""
    return {
        (name, table): len(value)
        for name, module in network.named_modules()
        for table, value in vars(module).items()
        if 'hooks' in table
    }


class Failure(Exception):
    """An error in a block."""


# A program is a list of steps: a forward pass, a failure, or the block of one of three gates with its own steps.
PROGRAMS = st.recursive(
    st.lists(st.sampled_from(['forward', 'fail']), max_size=2),
    lambda steps: st.lists(st.one_of(st.just('forward'), st.tuples(st.integers(0, 2), steps)), max_size=3),
    max_leaves=6,
)


def execute(program, network, gates):
    for step in program:
        if step == 'forward':
            network(IMAGES)
        elif step == 'fail':
            raise Failure
        else:
            index, steps = step
            with gates[index]:
                execute(steps, network, gates)


@settings(max_examples=150)
@given(program=PROGRAMS)
def test_nested_and_failing_blocks_leave_no_hook_and_the_gates_stay_usable(program):
    network = chain('relu last')
    network[2].register_forward_hook(lambda *_: None)
    gates = [
        GradientGate(network, [AuxiliaryRange('3', '1')], '2'),
        GradientGate(network, [AuxiliaryRange('4'), AuxiliaryRange('2', '1')], '3'),
        GradientGate(network, [], '0'),
    ]
    before = hooks(network)
    try:
        execute(program, network, gates)
    except (Failure, ConfigError):
        pass
    assert hooks(network) == before
    for gate in gates:
        with gate:
            network(IMAGES)
    assert hooks(network) == before


def test_a_block_inside_a_block_of_the_same_gate_is_refused_and_the_outer_one_stays_exact():
    network = chain('relu last')
    case = (2, [(1, 3)])
    expected = definition(copy.deepcopy(network), *case)
    gate = GradientGate(network, [AuxiliaryRange('3', '1')], '2')
    with gate as features:
        with pytest.raises(ConfigError, match='^GradientGate: expected one block at a time, got a block inside'):
            with gate:
                network(IMAGES)
        top = network(IMAGES)
    (loss_of(HEADS[0], top) + 0.3 * loss_of(HEADS[1], features[0])).backward()
    assert_exact(network, expected)


@pytest.mark.parametrize('broken', range(4))
def test_a_failing_entry_leaves_no_hook(broken, monkeypatch):
    network = chain('relu last')
    gate = GradientGate(network, [AuxiliaryRange('3', '1'), AuxiliaryRange('4', '0')], '2')
    before = hooks(network)
    registered = []

    def register(original):
        def count(*args, **kwargs):
            registered.append(args)
            if len(registered) > broken:
                raise KeyboardInterrupt
            return original(*args, **kwargs)

        return count

    for name in ('register_forward_pre_hook', 'register_forward_hook'):
        monkeypatch.setattr(nn.Module, name, register(getattr(nn.Module, name)))
    with pytest.raises(KeyboardInterrupt):
        gate.__enter__()
    assert hooks(network) == before
    monkeypatch.undo()
    with gate:
        network(IMAGES)
    assert hooks(network) == before


def test_a_module_that_is_gone_at_the_entry_is_named_and_leaves_no_hook():
    network = chain('relu last')
    gate = GradientGate(network, [AuxiliaryRange('5', '1')], '2')
    del network[5]
    before = hooks(network)
    with pytest.raises(ConfigError, match="^source='5': no such module"):
        with gate:
            pass
    assert hooks(network) == before


@pytest.mark.parametrize('compiled', ['model', 'step'])
def test_compiled_code_around_the_gate_is_refused(compiled):
    """There the layers below the gate would have no gradient, silently."""
    torch._dynamo.reset()  # whatever was compiled in this process before: code that it gave up on runs uncompiled
    model = nn.Sequential(*[nn.Linear(4, 4) for _ in range(5)])
    head = nn.Linear(4, 1)
    gate = GradientGate(model, [AuxiliaryRange('2')], primary_lowest='1')
    called = torch.compile(model, backend='eager') if compiled == 'model' else model

    def step(inputs):
        with gate as features:
            outputs = called(inputs)
        (outputs.sum() + head(features[0]).sum()).backward()

    step = torch.compile(step, backend='eager') if compiled == 'step' else step
    with pytest.raises(ConfigError, match='expected a module that runs uncompiled, got one inside compiled code'):
        step(torch.ones(2, 4))
