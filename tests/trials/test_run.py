"""Runs are made from a template's fields and variables."""

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.trials.run import TRAIN_FIELDS, TRIALS_FIELDS, make_run, split_variables

TEMPLATE = {
    'config': 'net_{loss}.py',
    'result': 'folder/rates_{loss}',
    'learning_rates': ['5e-4', '0.1'],
    'overrides': {'model.alpha': '{alpha}'},
    'work_dir': 'work_dirs/{result}',
}
VARIABLES = {'loss': 'a', 'alpha': '2'}


def test_variables_are_replaced_in_all_fields():
    run = make_run('family/one', TEMPLATE, VARIABLES, 'x')
    assert run.config == 'configs/family/one/net_a.py'
    assert (run.result, run.work_dir) == ('folder/rates_a', 'work_dirs/folder/rates_a')
    assert run.vary == {'optim_wrapper.optimizer.lr': ['5e-4', '0.1']} and run.overrides == {'model.alpha': '2'}
    assert (run.seeds, run.label, run.metric, run.unless, run.options) == (1, 'rates_a', None, None, [])


def test_tools_may_use_the_folder_the_stem_and_the_first_trials_folder_of_a_run():
    variables = make_run('family', TEMPLATE, VARIABLES, 'x').variables
    assert (variables['folder'], variables['stem']) == ('folder', 'rates_a')
    first = 'model.alpha=2,optim_wrapper.optimizer.lr=5e-4/seed_0'
    assert variables['first_run'] == f'work_dirs/folder/rates_a/{first}'


def test_the_first_trials_folder_is_that_of_the_first_seed():
    run = make_run('family', {**TEMPLATE, 'first_seed': '2'}, VARIABLES, 'x')
    assert run.first_seed == 2 and run.variables['first_run'].endswith('/seed_2')


def test_a_training_without_result_has_the_folder_of_its_work_dir_and_may_use_another_familys_config():
    run = make_run('one/two', {'config': '../three/c.py', 'work_dir': 'work_dirs/outputs/a'}, {}, 'x')
    assert run.config == 'configs/one/three/c.py' and run.variables['folder'] == 'outputs'
    assert 'first_run' not in run.variables


def test_keys_that_are_no_fields_are_variables_and_must_be_used():
    found = {'config': 'c_{loss}.py', 'result': 'r', 'loss': 'a'}
    assert split_variables(found, TRIALS_FIELDS, repr(found), 'x') == (
        {'config': 'c_{loss}.py', 'result': 'r'},
        {'loss': 'a'},
    )
    for name, value in (('seedz', '3'), ('loss', ['a'])):
        with pytest.raises(ConfigError, match=rf'x.{name}=.*: expected one of config, .*, or a variable in use'):
            split_variables({**found, name: value}, TRIALS_FIELDS, repr(found), 'x')
    with pytest.raises(ConfigError, match='x: expected the field result'):
        split_variables({'config': 'c.py'}, TRIALS_FIELDS, '', 'x')
    with pytest.raises(ConfigError, match='x.metric='):
        split_variables({'config': 'c.py', 'metric': 'mIoU'}, TRAIN_FIELDS, '', 'x')


@pytest.mark.parametrize('seeds', ['0', '-1', '2.5', 'many'])
def test_the_number_of_seeds_must_be_positive(seeds):
    with pytest.raises(ConfigError, match=f'x.seeds={seeds}: expected a positive integer'):
        make_run('family', {**TEMPLATE, 'seeds': seeds}, VARIABLES, 'x')


def test_the_first_seed_must_be_an_integer_of_at_least_0():
    with pytest.raises(ConfigError, match='x.first_seed=-1: expected an integer of at least 0'):
        make_run('family', {**TEMPLATE, 'first_seed': '-1'}, VARIABLES, 'x')
