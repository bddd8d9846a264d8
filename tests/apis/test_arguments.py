import os
import sys

import pytest

from mmgb.apis.arguments import parse_test_arguments, parse_train_arguments


@pytest.fixture
def command_line(monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', 'set so that the old state returns after the test')
    monkeypatch.delenv('LOCAL_RANK')

    def set_arguments(*arguments):
        monkeypatch.setattr(sys, 'argv', ['tool.py', *arguments])

    return set_arguments


@pytest.mark.parametrize('arguments, resume', [([], None), (['--resume'], 'auto'), (['--resume', 'x.pth'], 'x.pth')])
def test_resume_takes_an_optional_path(arguments, resume, command_line):
    command_line('config.py', *arguments)
    assert parse_train_arguments('').resume == resume


def test_both_tools_share_the_arguments_of_the_hosts_scripts(command_line):
    shared = ['--work-dir', 'w', '--amp', '--no-pin-memory', '--cfg-options', 'a.b=1', '--launcher', 'pytorch']
    command_line('config.py', *shared)
    train = vars(parse_train_arguments(''))
    command_line('config.py', 'x.pth', *shared)
    test = vars(parse_test_arguments(''))
    expected = dict(
        config='config.py',
        work_dir='w',
        amp=True,
        no_pin_memory=True,
        cfg_options={'a.b': 1},
        launcher='pytorch',
        local_rank=0,
    )
    assert {key: train[key] for key in expected} == {key: test[key] for key in expected} == expected


@pytest.mark.parametrize('spelling', ['--local_rank', '--local-rank'])
def test_the_local_rank_of_old_launchers_reaches_mmengine_unless_the_environment_has_one(
    spelling, command_line, monkeypatch
):
    command_line('config.py', f'{spelling}=3')
    parse_train_arguments('')
    assert os.environ['LOCAL_RANK'] == '3'
    monkeypatch.setenv('LOCAL_RANK', '1')
    parse_train_arguments('')
    assert os.environ['LOCAL_RANK'] == '1'
