"""The classifiers with batch norm on the outputs: the losses are given normalised scores, and nothing else differs."""

import pytest
import torch
from helpers.shrunk_configs import LEAVES, config_id
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgb.registry import MODELS

NORMALISED = [path for path in LEAVES if '-norm-outputs_' in path.name and 'pixelnet' not in path.name]
SHAPES = {'mnist': (1, 28, 28), 'cifar10': (3, 32, 32), 'imagenette': (3, 64, 64)}


def test_each_loss_has_them_on_three_data_sets():
    losses = {(path.parent.name, path.name.split('_')[1]) for path in NORMALISED}
    assert losses == {(name, loss) for name in SHAPES for loss in ('softmax', 'exp-gb', 'pow3-gb')}


@pytest.mark.parametrize('path', NORMALISED, ids=config_id)
def test_scores_of_each_class_have_mean_zero_and_variance_one_over_the_batch(path):
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
def test_without_neck_and_head_the_config_is_the_plain_one(path):
    found, plain = (Config.fromfile(name) for name in (path, str(path).replace('-norm-outputs', '')))
    for cfg in (found, plain):
        for name in ('normalised_outputs', 'pow3_gb'):
            cfg.pop(name, None)
        cfg.optim_wrapper.optimizer.pop('lr')
        for part in ('neck', 'head'):
            cfg.model.pop(part, None)
    assert found.to_dict() == plain.to_dict()
