"""Swap a boosted loss into a host's model config, train one step, and record the inputs and outputs of the loss."""

import copy
import importlib.util
import logging
from collections import namedtuple
from pathlib import Path

import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.optim import OptimWrapper

from mmgb.models.losses import ExpGBLoss, Pow3GBLoss

BOOSTED = (ExpGBLoss, Pow3GBLoss)
TYPES = ('mmgb.ExpGBLoss', 'mmgb.Pow3GBLoss')
CLASSIFICATION = ('CrossEntropyLoss', 'OhemCrossEntropy', 'LabelSmoothLoss')
KEPT = ('loss_weight', 'loss_name', 'class_weight')
# Heads with two classes, boundary and interior, whatever the data set's classes are.
BINARY_HEADS = ('STDCHead',)

Call = namedtuple('Call', 'loss scores target options value nearest')


def host_configs(host):
    """Return the folder of the configs installed with a host."""
    return Path(importlib.util.find_spec(host).origin).parent / '.mim/configs'


def load_model(path, override=None):
    """Return the model config of a file, with BN instead of SyncBN (which needs a GPU) and no pretrained weights."""
    config = Config.fromfile(path, import_custom_modules=False)
    config.merge_from_dict(dict(model=copy.deepcopy(override or {})))  # merging removes `_delete_` from it
    make_local(config.model)
    return config.model


def make_local(node):
    """Replace SyncBN by BN and remove pretrained weights, in place, in a model config."""
    if isinstance(node, dict):
        if node.get('type') == 'SyncBN':
            node['type'] = 'BN'
        if isinstance(node.get('pretrained'), str):
            node['pretrained'] = None
        if isinstance(node.get('init_cfg'), dict) and node['init_cfg']['type'] == 'Pretrained':
            node['init_cfg'] = None
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ():
        make_local(child)


def swap_losses(node, settings, replaced=False):
    """Replace, in place, each loss that classifies the data set's classes in every head below ``node``.

    Args:
        node: config of a head, list of such configs, or None.
        settings: settings of the new loss, merged into the old loss's as in a config that inherits from the host's.
        replaced: whether to keep only the old loss's weight, name and class weights, as with ``_delete_=True``. This is
            always done for lists of losses, which configs don't merge.
    """
    if isinstance(node, (list, tuple)):
        for child in node:
            swap_losses(child, settings, replaced)
    elif isinstance(node, dict) and node.get('type') not in BINARY_HEADS:
        for key, value in node.items():
            if key not in ('loss_decode', 'loss'):
                swap_losses(value, settings, replaced)
            elif isinstance(value, (list, tuple)):
                node[key] = [_swapped(loss, settings, True) for loss in value]
            else:
                node[key] = _swapped(value, settings, replaced)


def _swapped(loss, settings, replaced):
    if loss['type'] not in CLASSIFICATION:
        return loss
    return {**{key: value for key, value in loss.items() if not replaced or key in KEPT}, **settings}


def types_in(node):
    """Return every ``type`` in a config."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ()
    own = {node['type']} if isinstance(node, dict) and isinstance(node.get('type'), str) else set()
    return own.union(*map(types_in, children))


def record_calls(model):
    """Return a list to which every call of a boosted loss of the model appends a ``Call``."""
    calls = []

    def hook(loss, args, options, value):
        scores, target, *rest = args
        assert not rest
        calls.append(Call(loss, scores, target, options, value, nearest_parameters(scores)))

    for module in model.modules():
        if isinstance(module, BOOSTED):
            module.register_forward_hook(hook, with_kwargs=True)
    return calls


def nearest_parameters(scores):
    """Return the parameters with the fewest operations between them and the scores: those of the output layer."""
    nodes = [scores.grad_fn]
    while nodes:
        nodes = [node for parent in nodes for node, _ in parent.next_functions if node is not None]
        found = [node.variable for node in nodes if hasattr(node, 'variable')]
        if found:
            return found
    raise AssertionError('the scores depend on no parameter')


def expected_value(loss, scores, target, weight=None, avg_factor=None, ignore_index=None):
    """Return the loss in float64, by the antiderivatives of ``alpha*exp(x) - t`` and ``alpha*x**3 + beta - t``.

    Matched losses have other constants: ``0.3 * (exp(z)/C - p)`` and ``0.001 * (z + 10*C**(-1/3))**3 - p``.
    """
    x = scores.detach().double()
    ignore_index = loss.ignore_index if ignore_index is None else ignore_index
    if target.shape == scores.shape:
        share, counted = target.double(), torch.ones_like(x[:, 0])
    else:
        counted = (target != ignore_index).double() if ignore_index is not None else torch.ones_like(x[:, 0])
        labels = target.where(counted > 0, 0)
        share = F.one_hot(labels, x.shape[1]).movedim(-1, 1).double()
        if loss.class_weight is not None:
            counted = counted * loss.class_weight.double()[labels]
    classes = x.shape[1]
    if isinstance(loss, ExpGBLoss):
        alpha, positive = (0.3 / classes, 0.3) if loss.matched else (0.1, 16)
        t = positive * share
        terms = alpha * x.exp() - t * x - t + torch.xlogy(t, t / alpha)
    else:
        x, beta, positive = (x + 10 * classes ** (-1 / 3), 0, 1) if loss.matched else (x, 0.4, 10)
        t = positive * share
        fit = ((t - beta) / 0.001).abs() ** (1 / 3) * (t - beta).sign()
        terms = 0.001 / 4 * (x**4 - fit**4) + (beta - t) * (x - fit)
    losses = terms.sum(1) * counted * (1 if weight is None else weight)
    return loss.loss_weight * losses.sum() / (counted.sum() if avg_factor is None else avg_factor)


def check_calls(model, calls):
    """Assert that every boosted loss was called and returned the paper's loss of its scores and targets."""
    assert {call.loss for call in calls} == {module for module in model.modules() if isinstance(module, BOOSTED)}
    for call in calls:
        assert call.value.isfinite() and call.value >= 0
        expected = expected_value(call.loss, call.scores, call.target, **call.options)
        torch.testing.assert_close(call.value.detach().double(), expected, rtol=1e-5, atol=0)


def train_one_step(model, data, kept=()):
    """Train one step of SGD and assert that it minimizes the boosted losses.

    Each boosted loss must be called and return the paper's value; the logged total must be the sum of the boosted
    losses and the ``kept`` ones; every output layer that feeds a boosted loss must change.

    Args:
        model: model with swapped losses.
        data: batch for ``train_step``.
        kept: losses of the host that stay in the model.

    Returns:
        The log of the step.
    """
    model.train()
    calls = record_calls(model)
    others = []
    for loss in kept:
        loss.register_forward_hook(lambda module, args, value: others.append(value))
    before = {parameter: parameter.detach().clone() for parameter in model.parameters()}
    log = model.train_step(data, OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-3)))

    check_calls(model, calls)
    total = sum(call.value.double() for call in calls) + sum(value.double() for value in others)
    torch.testing.assert_close(log['loss'].double(), total, rtol=1e-5, atol=0)
    for call in calls:
        for parameter in call.nearest:
            assert parameter.isfinite().all() and not torch.equal(parameter, before[parameter])
    return log


def without_log(function):
    """Call a function without mmengine's log of one line per initialized parameter."""
    logging.disable(logging.INFO)
    try:
        return function()
    finally:
        logging.disable(logging.NOTSET)
