"""The trainings with and without FullResolutionLoss differ in nothing else, and are compared by their logs."""

import json

import pytest
import torch
from helpers.tiny_runs import TOOLS
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch import nn


@pytest.fixture
def faults(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS / 'faults'))


@pytest.fixture
def configs(faults, tmp_path):
    from voc_trainings import write_configs

    lists = tmp_path / 'VOC2012/ImageSets/Segmentation'
    lists.mkdir(parents=True)
    (lists / 'train.txt').write_text('\n'.join(f'image_{number:02}' for number in range(30)))
    write_configs(tmp_path / 'work', tmp_path / 'VOC2012')
    return {path.stem: Config.fromfile(path, import_custom_modules=False) for path in tmp_path.glob('work/*.py')}


def test_the_configs_differ_in_the_wrapper_alone(configs):
    plain, wrapped, killed = (configs[name].to_dict() for name in ('plain', 'wrapped', 'wrapped_killed'))
    assert killed == wrapped
    for head in ('decode_head', 'auxiliary_head'):
        own = wrapped['model'][head]
        assert (own.pop('type'), own.pop('head')) == ('mmgb.FullResolutionLoss', 'FCNHead')
        assert plain['model'][head].pop('type') == 'FCNHead'
    wrapped.pop('wrapper')
    assert plain == wrapped


def test_the_loss_alone_changes_in_all_heads_of_the_third_network(configs):
    model = configs['wrapped_exp-gb'].model
    for head, weight in ((model.decode_head, None), (model.auxiliary_head, 0.4)):
        assert head.loss_decode.type == 'mmgb.ExpGBLoss' and head.loss_decode.matched
        assert head.loss_decode.get('loss_weight') == weight


def test_the_networks_have_the_same_weights_and_the_data_are_a_part_of_the_list(configs):
    states = []
    for config in (configs['plain'], configs['wrapped']):
        torch.manual_seed(0)
        with DefaultScope.overwrite_default_scope('mmseg'):
            states.append(MODELS.build(config.model).state_dict())
    assert states[0].keys() == states[1].keys() and all(torch.equal(*pair) for pair in zip(*map(dict.values, states)))
    (images,) = {
        config[f'{part}_dataloader'].dataset.ann_file for config in configs.values() for part in ('train', 'test')
    }
    with open(images) as file:
        assert file.read().split() == [f'image_{number:02}' for number in range(0, 24, 2)]


def test_double_precision_changes_the_weights_in_place(faults):
    from double_precision import DoublePrecisionHook

    class Runner:
        model = nn.Module()

    Runner.model.backbone = nn.Conv2d(3, 4, 1)
    (weight, _) = Runner.model.parameters()
    DoublePrecisionHook().before_train(Runner)
    assert weight is Runner.model.backbone.weight and weight.dtype == torch.float64
    assert Runner.model.backbone(torch.zeros(1, 3, 2, 2)).dtype == torch.float64


def write_log(folder, name, losses):
    log = folder / 'run' / name / 'vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(''.join(json.dumps(dict(loss=loss, step=step)) + '\n' for step, loss in losses.items()))


@pytest.mark.parametrize('repeated, equal', [(0.5, True), (0.5000001, False)])
def test_a_killed_training_repeats_its_iterations_with_the_same_losses(faults, tmp_path, repeated, equal):
    from compare_full_resolution import compare, losses

    whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
    write_log(whole, '1', {1: 1.0, 2: 0.5, 3: 0.25})
    write_log(resumed, '1', {1: 1.0, 2: 0.5})
    write_log(resumed, '2', {2: repeated, 3: 0.25})
    for folder in (whole, resumed):
        torch.save(dict(state_dict=dict(w=torch.ones(2)), optimizer=dict(lr=0.1)), folder / 'run/epoch_1.pth')
        (folder / 'run/last_checkpoint').write_text('epoch_1.pth')
    assert losses(resumed) == [1.0, repeated, 0.25]
    expected = dict(killed_after=2, resumed_after=1, final_state_equal=True, losses_equal=equal)
    assert compare(whole, resumed) == expected
    torch.save(dict(state_dict=dict(w=torch.zeros(2)), optimizer=dict(lr=0.1)), resumed / 'run/epoch_1.pth')
    assert not compare(whole, resumed)['final_state_equal']
