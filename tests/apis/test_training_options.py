import pytest
from mmengine.config import Config
from mmengine.optim import OptimWrapper

from mmgb.apis import training_options as options
from mmgb.functional.errors import ConfigError


def test_no_validate_removes_the_three_validation_fields():
    cfg = Config(dict(val_cfg={}, val_dataloader={}, val_evaluator={}, test_cfg={}))
    options.skip_validation(cfg)
    assert (cfg.val_cfg, cfg.val_dataloader, cfg.val_evaluator, cfg.test_cfg) == (None, None, None, {})


@pytest.mark.parametrize(
    'wrapper, scale',
    [
        (dict(), 'dynamic'),
        (dict(type='OptimWrapper'), 'dynamic'),
        (dict(type=OptimWrapper), 'dynamic'),
        (dict(type='AmpOptimWrapper'), 'dynamic'),
        (dict(type='AmpOptimWrapper', loss_scale=512.0), 512.0),
    ],
)
def test_amp_keeps_the_configs_loss_scale_and_refuses_a_cpu(wrapper, scale):
    cfg = Config(dict(optim_wrapper=wrapper))
    options.enable_amp(cfg)
    assert cfg.optim_wrapper == dict(type='AmpOptimWrapper', loss_scale=scale)
    options.check_amp(cfg, accelerator=True)
    with pytest.raises(ConfigError, match='this machine has none'):
        options.check_amp(cfg, accelerator=False)


def test_full_precision_training_on_a_cpu_is_accepted():
    options.check_amp(Config(dict(optim_wrapper=dict(optimizer={}))), accelerator=False)


def test_amp_refuses_another_optimizer_wrapper_and_names_it():
    with pytest.raises(ConfigError, match="optim_wrapper.type='ApexOptimWrapper': expected 'OptimWrapper'"):
        options.enable_amp(Config(dict(optim_wrapper=dict(type='ApexOptimWrapper'))))


def test_auto_scale_lr_needs_the_base_batch_size():
    cfg = Config(dict(auto_scale_lr=dict(enable=False, base_batch_size=16)))
    options.scale_learning_rate(cfg)
    assert cfg.auto_scale_lr.enable
    for lacking in ({}, dict(auto_scale_lr=None), dict(auto_scale_lr=dict(enable=False))):
        with pytest.raises(ConfigError, match='base_batch_size'):
            options.scale_learning_rate(Config(lacking))
