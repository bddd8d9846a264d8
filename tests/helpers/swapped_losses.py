"""Swap a boosted loss into a host's model config, train one step, and watch what the loss is given and returns."""

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
# Two classes, boundary and interior, whatever the classes of the data set are.
BINARY_HEADS = ('STDCHead',)

Call = namedtuple('Call', 'loss scores target options value nearest')


def host_configs(host):
    """The folder of the configs that a host was installed with."""
    return Path(importlib.util.find_spec(host).origin).parent / '.mim/configs'


def load_model(path, override=None):
    """The model of a config file: BN instead of SyncBN, which needs a GPU, and no weights to download."""
    config = Config.fromfile(path, import_custom_modules=False)
    config.merge_from_dict(dict(model=copy.deepcopy(override or {})))  # merging takes `_delete_` out of it
    _make_local(config.model)
    return config.model


def _make_local(node):
    if isinstance(node, dict):
        if node.get('type') == 'SyncBN':
            node['type'] = 'BN'
        if isinstance(node.get('pretrained'), str):
            node['pretrained'] = None
        if isinstance(node.get('init_cfg'), dict) and node['init_cfg']['type'] == 'Pretrained':
            node['init_cfg'] = None
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ():
        _make_local(child)


def swap_losses(node, settings, replaced=False):
    """Swap each loss that classifies the data set's classes, in every head below ``node``, in place.

    Args:
        settings: of the new loss. Merged into the old one's, as a config that inherits the host's does.
        replaced: keep only weight, name and class weights of the old one, as with ``_delete_=True``. Lists are
            written anew in any case: configs don't merge them.
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
    """Every ``type`` in a config."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, (list, tuple)) else ()
    own = {node['type']} if isinstance(node, dict) and isinstance(node.get('type'), str) else set()
    return own.union(*map(types_in, children))


def record_calls(model):
    """A list that receives a ``Call`` whenever a boosted loss of the model is called."""
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
    """The parameters with the fewest operations between them and the scores: those of the output layer."""
    nodes = [scores.grad_fn]
    while nodes:
        nodes = [node for parent in nodes for node, _ in parent.next_functions if node is not None]
        found = [node.variable for node in nodes if hasattr(node, 'variable')]
        if found:
            return found
    raise AssertionError('the scores depend on no parameter')


def expected_value(loss, scores, target, weight=None, avg_factor=None, ignore_index=None):
    """The loss in float64 by the textbook antiderivatives of ``alpha*exp(x) - t`` and ``alpha*x**3 + beta - t``."""
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
    if isinstance(loss, ExpGBLoss):
        t = 16 * share
        terms = 0.1 * x.exp() - t * x - t + torch.xlogy(t, t / 0.1)
    else:
        t = 10 * share
        fit = ((t - 0.4) / 0.001).abs() ** (1 / 3) * (t - 0.4).sign()
        terms = 0.001 / 4 * (x**4 - fit**4) + (0.4 - t) * (x - fit)
    losses = terms.sum(1) * counted * (1 if weight is None else weight)
    return loss.loss_weight * losses.sum() / (counted.sum() if avg_factor is None else avg_factor)


def check_calls(model, calls):
    """Every boosted loss was called, and each value is the paper's loss of the scores and targets it was given."""
    assert {call.loss for call in calls} == {module for module in model.modules() if isinstance(module, BOOSTED)}
    for call in calls:
        assert call.value.isfinite() and call.value >= 0
        expected = expected_value(call.loss, call.scores, call.target, **call.options)
        torch.testing.assert_close(call.value.detach().double(), expected, rtol=1e-5, atol=0)


def train_one_step(model, data, kept=()):
    """Train one step of SGD and check that what is trained is the boosted losses.

    Every one of them is called with scores and targets for which its value is the paper's; the logged total is
    their sum (plus that of the ``kept`` losses of the host); every output layer in front of one moves.

    Returns:
        The log.
    """
    model.train()
    calls = record_calls(model)
    others = []
    for loss in kept:
        loss.register_forward_hook(lambda module, args, value: others.append(value))
    before = {}
    for parameter in model.parameters():
        before[parameter] = parameter.detach().clone()
    log = model.train_step(data, OptimWrapper(torch.optim.SGD(model.parameters(), lr=1e-3)))

    check_calls(model, calls)
    total = sum(call.value.double() for call in calls) + sum(value.double() for value in others)
    torch.testing.assert_close(log['loss'].double(), total, rtol=1e-5, atol=0)
    for call in calls:
        for parameter in call.nearest:
            assert parameter.isfinite().all() and not torch.equal(parameter, before[parameter])
    return log


def without_log(function):
    """Call it without the line per parameter that mmengine's initialisation logs."""
    logging.disable(logging.INFO)
    try:
        return function()
    finally:
        logging.disable(logging.NOTSET)
