"""The end of a training names its folder and a command that works."""

import shlex
import sys

import pytest

from mmgb.apis.finished_training import describe_results


@pytest.mark.parametrize('started, command', [('tools/train.py', ['python', 'tools/test.py']), ('mmgb', ['mmgb-test'])])
def test_the_command_tests_the_last_checkpoint(started, command, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, 'argv', [started])
    folder = tmp_path / 'a run'
    folder.mkdir()
    (folder / 'last_checkpoint').write_text(str(folder / 'epoch_2.pth'), encoding='utf-8')
    place, _, line = describe_results('my config.py', str(folder)).partition('pictures: ')
    assert f"'{folder}'" in place
    expected = [*command, 'my config.py', str(folder / 'epoch_2.pth'), '--show-dir', str(folder / 'pictures')]
    assert shlex.split(line) == expected


def test_without_a_checkpoint_the_folder_alone_is_named(tmp_path):
    assert describe_results('config.py', str(tmp_path)) == f"Log, curves and checkpoints are in '{tmp_path}'"
