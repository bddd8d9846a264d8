"""Experiments turn into command lines, in the order of their needs."""

import pytest
from helpers.manifests import FAMILY, write_manifests

from mmgb.functional.errors import ConfigError
from mmgb.trials.commands import experiment_commands, select
from mmgb.trials.manifest import read_manifest


@pytest.fixture
def manifest(tmp_path):
    return read_manifest(write_manifests(tmp_path))


def test_experiments_come_once_and_after_those_they_need(manifest):
    assert select(manifest, ['single', 'rates']) == ['rates', 'losses', 'single']
    assert select(manifest, ['rates']) == ['rates']


def test_a_family_or_no_name_selects_the_experiments_that_no_other_needs(manifest, tmp_path):
    assert select(manifest, []) == select(manifest, ['family']) == ['rates', 'losses', 'single']
    wide = read_manifest(tmp_path / 'configs', gpu=True)
    assert select(wide, []) == ['losses', 'single']  # `rates` is needed without --gpu only


def test_an_unknown_name_and_a_circle_are_refused(manifest, tmp_path):
    with pytest.raises(ConfigError, match=r"experiment='loses': expected an experiment \(rates, losses, single\) or a"):
        select(manifest, ['loses'])
    circle = FAMILY.replace('about: Learning rates.', 'about: Learning rates.\n    needs: [single]')
    found = read_manifest(write_manifests(tmp_path / 'circle', family=circle))
    with pytest.raises(ConfigError, match='got rates needs single needs losses needs rates'):
        select(found, ['rates'])


def test_trials_run_between_the_tools_before_and_after_them(manifest):
    prepare, first, second, curves, plot = experiment_commands(manifest, 'losses', jobs=3)
    assert prepare.arguments == ['tools/dataset_converters/make.py', 'data/x']
    assert first.arguments == [
        *('-W', 'ignore', 'tools/run_trials.py', 'configs/family/net_a.py', '--trials', '2'),
        *('--out', 'docs/results/out/a.json', '--jobs', '3', '--metric', 'mIoU', '--work-dir', 'work_dirs/out/a'),
    ]
    assert second.arguments[3] == 'configs/family/net_b.py'
    assert curves.arguments == [
        *('tools/analysis_tools/compare_trials.py', 'a=docs/results/out/a.json', 'b=docs/results/out/b.json'),
        *('--out-dir', 'docs/results/out'),
    ]
    runs = ['work_dirs/out/a/seed_0', 'work_dirs/out/b/seed_0']
    assert plot.arguments == [
        *('tools/analysis_tools/plot.py', f'loss a={runs[0]}', f'loss b={runs[1]}', '--out', 'work_dirs/out'),
    ]
    assert (plot.requires, plot.keep, plot.folder) == (runs, ['*.png'], 'out')


def test_the_first_seed_is_passed_on(manifest):
    one = manifest.experiments['rates']
    later = one._replace(runs=[run._replace(first_seed=2) for run in one.runs])
    command = experiment_commands(manifest._replace(experiments={'rates': later}), 'rates')[1].arguments
    assert command[command.index('--first-seed') + 1] == '2'


def test_a_grid_of_learning_rates_is_varied(manifest):
    command = experiment_commands(manifest, 'rates')[1].arguments
    assert command[command.index('--vary') :] == [
        *('--vary', 'optim_wrapper.optimizer.lr=3,4', '--cfg-options', 'train_cfg.max_epochs=2'),
    ]


def test_a_single_training_may_be_unnecessary(manifest):
    (command,) = experiment_commands(manifest, 'single')
    assert command.arguments == ['-W', 'ignore', 'tools/train.py', 'configs/family/net_a.py', '--resume']
    assert command.unless == 'work_dirs/done'
