"""``python -m mmgb TOOL …`` runs the same code as ``tools/``."""

import runpy
import sys

import pytest

from mmgb import __main__ as entry
from mmgb.utils.shipped_files import shipped_files


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['mmgb', *arguments])
    entry.main()


@pytest.mark.parametrize('name', entry.TOOLS)
def test_every_name_is_a_file_in_tools(name):
    assert (shipped_files() / 'tools' / entry.TOOLS[name][0]).is_file()


@pytest.mark.parametrize('name', [*entry.TOOLS, *entry.MODULES])
def test_every_tool_gets_its_arguments_and_runs_as_the_main_module(name, monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, name, '--help')
    assert not ended.value.code
    assert 'usage: ' in capsys.readouterr().out


@pytest.mark.parametrize('script', [entry.train, entry.test, entry.trials, entry.suggest])
def test_a_console_script_runs_the_tool_of_its_name(script, monkeypatch):
    ran = []
    monkeypatch.setattr(runpy, 'run_path', lambda path, run_name: ran.append((path, run_name)))
    monkeypatch.setattr(runpy, 'run_module', lambda name, run_name, alter_sys: ran.append((name, run_name)))
    monkeypatch.setattr(sys, 'argv', [f'mmgb-{script.__name__}', 'a.py', '--amp'])
    script()
    ((target, run_name),) = ran
    named = (entry.TOOLS | entry.MODULES)[script.__name__][0]
    assert target.endswith(named) and run_name == '__main__' and sys.argv[1:] == ['a.py', '--amp']


def test_an_invalid_input_ends_with_the_sentence_and_the_code_of_the_tool(monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, 'train', 'nowhere.py')
    assert ended.value.code == 2
    assert capsys.readouterr().err == "train.py: error: config='nowhere.py' is not a file\n"


@pytest.mark.parametrize('arguments', [[], ['-h'], ['--help']])
def test_the_help_lists_every_tool(arguments, monkeypatch, capsys):
    run(monkeypatch, *arguments)
    shown = capsys.readouterr().out
    assert all(f'  {name} ' in shown for name in [*entry.TOOLS, *entry.MODULES])


def test_an_unknown_tool_is_refused_with_the_known_ones(monkeypatch):
    with pytest.raises(SystemExit, match="TOOL='trian': expected one of .*test, train"):
        run(monkeypatch, 'trian')
