"""A suggested config inherits the stock one, changes its losses only, and trains."""

import pytest
import torch
from helpers.swapped_losses import BOOSTED, host_configs, make_local, types_in
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import HOOKS, MODELS, PARAM_SCHEDULERS, DefaultScope
from mmpretrain.structures import DataSample

from mmgb.functional.errors import ConfigError
from mmgb.suggest.overrides import plain
from mmgb.suggest.suggestion import base_path, config_text, is_warm_up, rate_note, suggest_loss, warm_up_notes

CONFIGS = {
    'mmseg': host_configs('mmseg') / 'pspnet/pspnet_r50-d8_4xb2-40k_cityscapes-512x1024.py',
    'list of losses': host_configs('mmseg') / 'pidnet/pidnet-s_2xb6-120k_1024x1024-cityscapes.py',
    'smoothing, AdamW': host_configs('mmpretrain') / 'deit/deit-tiny_4xb256_in1k.py',
    'several labels': host_configs('mmpretrain') / 'vgg/vgg16_8xb16_voc.py',
}


@pytest.mark.parametrize('name', CONFIGS)
@pytest.mark.parametrize('method', ['exp-gb', 'pow3-gb'])
def test_the_new_config_replaces_every_cross_entropy_and_nothing_else(name, method, tmp_path):
    stock = Config.fromfile(CONFIGS[name])
    text = config_text(suggest_loss(stock, method), str(CONFIGS[name]), str(tmp_path))
    (tmp_path / 'new.py').write_text(text, encoding='utf-8')
    new = Config.fromfile(tmp_path / 'new.py')
    assert types_in(new.model) & {'CrossEntropyLoss', 'OhemCrossEntropy', 'LabelSmoothLoss'} == set()
    assert {field for field in new if new[field] != stock.get(field)} == {'model'}
    assert plain(new.model.backbone) == plain(stock.model.backbone)


def test_a_suggested_config_trains(tmp_path):
    cfg = Config.fromfile(host_configs('mmpretrain') / 'resnet/resnet18_8xb16_cifar10.py')
    cfg.merge_from_dict(suggest_loss(cfg, 'pow3-gb').overrides)
    make_local(cfg.model)
    cfg.optim_wrapper.optimizer.lr *= 4 / 128  # for four images instead of 128
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(dict(cfg.model, data_preprocessor=cfg.data_preprocessor))
        optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    assert isinstance(model.head.loss_module, BOOSTED) and model.head.loss_module.matched
    data = dict(
        inputs=list(torch.randint(256, (4, 3, 32, 32), dtype=torch.uint8)),
        data_samples=[DataSample().set_gt_label(label) for label in range(4)],
    )
    losses = [model.train_step(data, optimizer)['loss'].item() for _ in range(6)]
    assert losses[-1] < losses[0] and max(losses) < 1.5 * losses[0]


def test_losses_that_a_hook_switches_to_are_replaced_as_well(tmp_path):
    stock = host_configs('mmpretrain') / 'resnet/resnet18_8xb16_cifar10.py'
    smooth = dict(type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=10)
    schedule = [dict(action_epoch=2, loss=smooth), dict(action_epoch=3, batch_augments=None)]
    hooks = [dict(type='EMAHook'), dict(type='SwitchRecipeHook', schedule=schedule)]
    (tmp_path / 'own.py').write_text(f"_base_ = '{stock}'\ncustom_hooks = {hooks}\n")
    suggestion = suggest_loss(Config.fromfile(tmp_path / 'own.py'), 'pow3-gb')
    assert any(note.startswith('custom_hooks.1.schedule.0.loss: LabelSmoothLoss becomes') for note in suggestion.notes)
    (tmp_path / 'new.py').write_text(config_text(suggestion, str(tmp_path / 'own.py'), str(tmp_path)))
    average, switch = plain(Config.fromfile(tmp_path / 'new.py').custom_hooks)
    assert average == dict(type='EMAHook')
    new = dict(type='mmgb.Pow3GBLoss', matched=True, label_smooth_val=0.1)
    assert switch['schedule'] == [dict(schedule[0], loss=new), schedule[1]]
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        hook = HOOKS.build(switch)
    assert isinstance(hook.schedule[2]['loss'], BOOSTED)


def test_a_config_without_cross_entropy_is_refused():
    cfg = Config(dict(model=dict(type='X', head=dict(loss=dict(type='DiceLoss')))), filename=None)
    with pytest.raises(ConfigError, match='expected a head with CrossEntropyLoss.*got head.loss: DiceLoss stays'):
        suggest_loss(cfg, 'exp-gb')
    with pytest.raises(ConfigError, match='got no loss'):
        suggest_loss(Config(dict(model=dict(type='X'))), 'exp-gb')


def test_the_learning_rate_is_named():
    assert 'SGD with lr=0.1' in rate_note(Config(dict(optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)))))
    assert 'no optimizer' in rate_note(Config(dict(model=dict())))
    adagrad = Config(dict(optim_wrapper=dict(optimizer=dict(type='Adagrad', lr=0.008))))
    assert 'Adagrad with lr=0.008. Measured: nothing with this optimizer' in rate_note(adagrad)


@pytest.mark.parametrize('name, noted', [('mmseg', True), ('smoothing, AdamW', False)])
def test_a_config_without_warm_up_is_told_so(name, noted):
    notes = suggest_loss(Config.fromfile(CONFIGS[name]), 'pow3-gb').notes
    assert any('no warm-up' in note for note in notes) == noted


def test_one_scheduler_may_stand_without_a_list():
    assert warm_up_notes(Config(dict(param_scheduler=dict(type='LinearLR', end=5)))) == []
    assert len(warm_up_notes(Config(dict(param_scheduler=dict(type='StepLR', step_size=5))))) == 1


@pytest.mark.parametrize(
    'scheduler',
    [
        dict(type='LinearLR', start_factor=0.01, end=5),
        dict(type='LinearLR', end=5),
        dict(type='LinearLR', start_factor=1.0, end_factor=0.1, end=5),
        dict(type='LinearLR', start_factor=0.1, begin=5, end=9),
        dict(type='ConstantLR', factor=0.1, end=5),
        dict(type='ConstantLR', factor=1.0, end=5),
        dict(type='OneCycleLR', eta_max=0.1, total_steps=9),
        dict(type='CosineAnnealingLR', T_max=9),
        dict(type='PolyLR', power=0.9, eta_min=1e-4, end=9),
    ],
)
def test_a_warm_up_is_what_starts_below_the_rate_that_follows(scheduler):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    built = PARAM_SCHEDULERS.build(dict(scheduler, optimizer=optimizer))
    first, highest = optimizer.param_groups[0]['lr'], 0.0
    for _ in range(8):
        optimizer.step()
        built.step()
        highest = max(highest, optimizer.param_groups[0]['lr'])
    assert is_warm_up(scheduler) == (first < highest)


def test_a_base_of_another_tree_is_absolute(tmp_path):
    suggestion = suggest_loss(Config.fromfile(CONFIGS['mmseg']), 'exp-gb')
    assert "_base_ = 'stock.py'" in config_text(suggestion, str(tmp_path / 'stock.py'), str(tmp_path))
    assert "_base_ = '/stock.py'" in config_text(suggestion, '/stock.py', str(tmp_path))


@pytest.mark.parametrize('base', ['base.py', 'link/base.py', 'target/deep/base.py', 'target/base.py'])
@pytest.mark.parametrize('folder', ['.', 'link', 'link/inner', 'target/deep/inner', 'other'])
def test_a_base_is_found_by_each_way_through_a_link(base, folder, tmp_path):
    (tmp_path / 'target/deep/inner').mkdir(parents=True)
    (tmp_path / 'other').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'target/deep')
    (tmp_path / base).write_text('a = 1\n', encoding='utf-8')
    new = tmp_path / folder / 'new.py'
    new.write_text(f'_base_ = {base_path(str(tmp_path / base), str(tmp_path / folder))!r}\n', encoding='utf-8')
    for way in (new, new.resolve()):
        assert Config.fromfile(way).a == 1
