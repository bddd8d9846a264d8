import pytest
from mmengine.config import Config
from mmengine.optim import OptimWrapper

from mmgb.apis import training_options as options
from mmgb.functional.errors import ConfigError


def test_no_validate_takes_all_three_fields_away():
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
def test_amp_keeps_a_loss_scale_and_refuses_a_cpu(wrapper, scale):
    cfg = Config(dict(optim_wrapper=wrapper))
    options.enable_amp(cfg)
    assert cfg.optim_wrapper == dict(type='AmpOptimWrapper', loss_scale=scale)
    options.check_amp(cfg, accelerator=True)
    with pytest.raises(ConfigError, match='this machine has none'):
        options.check_amp(cfg, accelerator=False)


def test_plain_training_on_a_cpu_is_no_fault():
    options.check_amp(Config(dict(optim_wrapper=dict(optimizer={}))), accelerator=False)


def test_amp_refuses_another_wrapper_by_its_name():
    with pytest.raises(ConfigError, match="the config has 'ApexOptimWrapper'"):
        options.enable_amp(Config(dict(optim_wrapper=dict(type='ApexOptimWrapper'))))


def test_auto_scale_lr_wants_to_know_the_batch_size_that_the_rate_is_meant_for():
    cfg = Config(dict(auto_scale_lr=dict(enable=False, base_batch_size=16)))
    options.scale_learning_rate(cfg)
    assert cfg.auto_scale_lr.enable
    for lacking in ({}, dict(auto_scale_lr=None), dict(auto_scale_lr=dict(enable=False))):
        with pytest.raises(ConfigError, match='base_batch_size'):
            options.scale_learning_rate(Config(lacking))


def chosen(folder, flag, **top):
    cfg = Config(dict(work_dir=str(folder), **top))
    path = options.choose_checkpoint_to_resume(cfg, flag)
    return path, bool(cfg.get('resume')), cfg.get('load_from')


def test_resume_finds_the_latest_checkpoint_and_a_named_one_wins(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('latest.pth')
    latest, named = ('latest.pth', True, 'latest.pth'), ('named.pth', True, 'named.pth')
    assert chosen(tmp_path, 'auto') == latest
    assert chosen(tmp_path, 'auto', load_from='pretrained.pth') == latest
    assert chosen(tmp_path, None, resume=True) == latest
    assert chosen(tmp_path, 'named.pth') == named
    assert chosen(tmp_path, None, resume=True, load_from='named.pth') == named


def test_without_a_checkpoint_training_starts_as_the_config_says(tmp_path):
    assert chosen(tmp_path, 'auto') == (None, False, None)
    assert chosen(tmp_path, 'auto', load_from='pretrained.pth') == (None, False, 'pretrained.pth')
    assert chosen(tmp_path, None, load_from='pretrained.pth') == (None, False, 'pretrained.pth')
