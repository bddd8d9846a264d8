"""Every config trains two iterations and validates through the Runner, with a narrow network on tiny data."""

import logging

import numpy as np
import pytest
import torch
from helpers.fake_data import write_fake_data
from helpers.shrunk_configs import LEAVES, config_id, shrunk
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import DefaultScope

from mmgb.apis.runner import build_runner

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return write_fake_data(tmp_path_factory.mktemp('every_config'))


@pytest.mark.parametrize('path', LEAVES, ids=config_id)
def test_trains_two_iterations_and_validates(path, data, tmp_path, monkeypatch):
    monkeypatch.chdir(data)
    cfg = shrunk(path)
    cfg.work_dir, cfg.experiment_name, cfg.launcher = str(tmp_path), str(tmp_path), 'none'
    logging.disable(logging.INFO)
    try:
        with DefaultScope.overwrite_default_scope(cfg.default_scope):
            runner = build_runner(cfg, ('train_loop', 'val_loop'))
            revert_sync_batchnorm(runner.model)
            before = [parameter.detach().clone() for parameter in runner.model.parameters()]
            runner.train()
    finally:
        logging.disable(logging.NOTSET)
    assert runner.iter == 2
    logged = runner.message_hub.log_scalars
    losses = list(logged['train/loss'].data[0])
    assert len(losses) == 2 and np.isfinite(losses).all()
    moved = [not torch.equal(old, new) for old, new in zip(before, runner.model.parameters())]
    assert moved[0] and moved[-1], 'the lowest and the highest layer change'
    metrics = [name for name in logged if name.startswith('val/') and 'time' not in name]
    assert metrics and all(np.isfinite(logged[name].current()) for name in metrics)
