"""Classifiers with batch norm on the outputs: the scores are normalised, and nothing else differs."""

import pytest
import torch
from helpers.shrunk_configs import LEAVES, config_id
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgb.registry import MODELS

NORMALISED = [path for path in LEAVES if '-norm-outputs_' in path.name and 'pixelnet' not in path.name]
SHAPES = {'mnist': (1, 28, 28), 'cifar10': (3, 32, 32), 'imagenette': (3, 64, 64)}


def test_three_data_sets_have_a_config_for_each_loss():
    losses = {(path.parent.name, path.name.split('_')[1]) for path in NORMALISED}
    assert losses == {(name, loss) for name in SHAPES for loss in ('softmax', 'exp-gb', 'pow3-gb')}


@pytest.mark.parametrize('path', NORMALISED, ids=config_id)
def test_scores_of_each_class_have_mean_0_and_variance_1_over_the_batch(path):
    torch.manual_seed(0)
    cfg = Config.fromfile(path)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
    model.init_weights()
    scores = model.train()(torch.randn(32, *SHAPES[path.parent.name]), mode='tensor')
    assert scores.shape == (32, 10)
    torch.testing.assert_close(scores.mean(0), torch.zeros(10), atol=1e-4, rtol=0.0)
    torch.testing.assert_close(scores.var(0, correction=0), torch.ones(10), atol=1e-2, rtol=0.0)


@pytest.mark.parametrize('path', NORMALISED, ids=config_id)
def test_only_neck_head_and_learning_rate_differ_from_the_plain_config(path):
    found, plain = (Config.fromfile(name) for name in (path, str(path).replace('-norm-outputs', '')))
    for cfg in (found, plain):
        for name in ('normalised_outputs', 'exp_gb', 'pow3_gb'):
            cfg.pop(name, None)
        cfg.optim_wrapper.optimizer.pop('lr')
        for part in ('neck', 'head'):
            cfg.model.pop(part, None)
    assert found.to_dict() == plain.to_dict()
