"""A short training: what is changed in a config, and what ends it."""

import pytest
from helpers.tiny_runs import make_workspace
from mmengine.registry import DefaultScope

from mmgb.apis.config import TRAIN_FIELDS, load_config
from mmgb.functional.errors import ConfigError
from mmgb.recipes.measured_steps import MeasuredSteps
from mmgb.recipes.short_training import prepare, train


@pytest.fixture
def cfg(tmp_path, monkeypatch):
    monkeypatch.chdir(make_workspace(tmp_path))
    return load_config(
        'cls.py', {'train_dataloader.num_workers': 2, 'train_dataloader.prefetch_factor': 4}, TRAIN_FIELDS
    )


def test_only_batch_loading_and_recording_change(cfg, tmp_path):
    cfg.optim_wrapper.update(clip_grad=dict(max_norm=1), accumulative_counts=3)
    before = cfg.to_dict()
    prepare(cfg, batch=8, parts=2, folder=str(tmp_path))
    assert cfg.optim_wrapper.to_dict() == dict(before['optim_wrapper'], accumulative_counts=6)
    assert (cfg.train_dataloader.batch_size, cfg.train_dataloader.num_workers) == (8, 0)
    assert 'prefetch_factor' not in cfg.train_dataloader and cfg.val_cfg is cfg.test_cfg is None
    assert cfg.default_hooks == dict(checkpoint=None, logger=None)
    same = ('model', 'train_cfg', 'data_preprocessor')
    assert {name: cfg.to_dict()[name] for name in same} == {name: before[name] for name in same}


def test_a_training_that_ends_before_its_first_update_is_refused(cfg, tmp_path):
    """One epoch has two batches, and the weights would be updated after four."""
    cfg.optim_wrapper.accumulative_counts = 4
    prepare(cfg, batch=2, parts=1, folder=str(tmp_path))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        with pytest.raises(ConfigError, match="config='cls.py': expected an optimiser step in its training, got none"):
            train(cfg, MeasuredSteps(5, 1), None)


def test_a_training_shorter_than_the_check_ends_by_itself(cfg, tmp_path):
    prepare(cfg, batch=2, parts=1, folder=str(tmp_path))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        assert len(train(cfg, MeasuredSteps(5, 1), None).losses) == 2


def test_a_checkpoint_to_start_from_is_read_with_the_checks_of_a_training(cfg, tmp_path):
    cfg.load_from = str(tmp_path / 'none.pth')
    prepare(cfg, batch=2, parts=1, folder=str(tmp_path))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        with pytest.raises(ConfigError, match=r"^load_from='.*none.pth' is not a file"):
            train(cfg, MeasuredSteps(5, 1), None)


def test_a_config_that_resumes_starts_anew(cfg, tmp_path):
    cfg.resume = True
    prepare(cfg, batch=2, parts=1, folder=str(tmp_path))
    assert cfg.resume is False
