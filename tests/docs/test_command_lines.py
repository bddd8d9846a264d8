"""Command lines of the documents: tools, options, files, configs and their entries exist.

A real bash runs each block with the programs of STUBS in place of all programs, which only record their arguments. The
arguments then go through the parsers of the tools themselves. Nothing is trained, written or installed.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import re
import runpy
import shutil
import subprocess
import sys
from functools import cache, partial
from pathlib import Path
from unittest import mock

import pytest
from helpers.code_blocks import BLOCKS, ROOT
from mmengine.config import Config
from packaging.requirements import Requirement

from mmgb import __main__ as entry
from mmgb import compat
from mmgb.trials.commands import select
from mmgb.trials.manifest import read_manifest
from mmgb.utils.cli.overrides import parse_overrides
from mmgb.utils.shipped_files import find_config

COMMANDS = [block for block in BLOCKS if block.language in ('bash', 'inline')]
SCRIPTS = tuple(f'mmgb-{name}' for name in ('train', 'test', 'trials', 'suggest'))
STUBS = ('bash', 'git', 'pip', 'pkill', 'python', 'python3', 'ruff', 'sleep', *SCRIPTS)
RECORD = '#!{bash}\nprintf "%s\\0" "${{0##*/}}" "$@" $\'\\x1e\' >> {record}\n'
OTHER_PIP = [['install', 'seaborn'], ['install', 'tensorboard'], ['install', 'wandb'], ['list']]
# Words that stand for the reader's own.
PLACEHOLDERS = {
    'NAME=FILE.json': 'softmax=docs/results/digits/softmax.json',
    'KEY=VALUE': 'train_cfg.max_epochs=1',
    'CHECKPOINT': 'work_dirs/run/epoch_1.pth',
    'CONFIG': 'configs/relay_bp/imagenet/resnet50_relay-bp_8xb32-120e_in1k-224x224.py',
    'DIR': 'work_dirs/out',
    'FAMILY': 'gradient_boosting/cifar10',
    'FILE.json': 'trials.json',
    'MMSEG': str(Path(importlib.util.find_spec('mmseg').origin).parent / '.mim'),
    'MMPRETRAIN': str(Path(importlib.util.find_spec('mmpretrain').origin).parent / '.mim'),
    'NAME': 'digits',
    'PATH': 'work_dirs/run/epoch_1.pth',
    'RATE': '0.01',
    'SCALARS.json': 'work_dirs/run/vis_data/scalars.json',
    'REPOSITORY': 'https://example.org/mmgb.git',
    'WORK_DIR': 'work_dirs/run',
}
PLACEHOLDER = re.compile(rf'(?<![\w$/{{.])({"|".join(map(re.escape, PLACEHOLDERS))})(?![\w=])')
OPTIONAL = re.compile(r'\[((?:-|[A-Z])[^][]*)\]')  # of a synopsis: [--amp], [PATH]
IN_REPOSITORY = re.compile(r'(?:^|=)((?:configs|docs|mmgb|tests|tools)/[^,:]*)')
# Files that the commands of a block would make, and later ones of it need.
AWAITED = [f'work_dirs/voc12_slim/{loss}/epoch_8.pth' for loss in ('softmax', 'exp-gb', 'pow3-gb')]
AWAITED += ['mmgb/.venv/bin/activate']


class Parsed(BaseException):
    """Ends a tool after it has parsed its command line."""


def expand(text: str) -> str:
    """Return a synopsis as the command with all its options, and with a value for each placeholder."""
    while OPTIONAL.search(text):
        text = OPTIONAL.sub(r'\1', text)
    return PLACEHOLDER.sub(lambda match: PLACEHOLDERS[match[1]], text).replace('…', '')


def record(text: str, folder: Path) -> list[list[str]]:
    """Run a block in an empty folder with the stubs only, and return their command lines."""
    bash = shutil.which('bash')
    (folder / 'bin').mkdir()
    for name in STUBS:
        (folder / 'bin' / name).write_text(RECORD.format(bash=bash, record=folder / 'record'))
        (folder / 'bin' / name).chmod(0o755)
    for name in AWAITED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    done = subprocess.run(
        [bash, '-eu', '-c', f'{expand(text)}\nwait'],
        cwd=folder,
        env=dict(PATH=str(folder / 'bin')),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')
    lines = (folder / 'record').read_text(encoding='utf-8').split('\x1e\0')
    return [line.split('\0')[:-1] for line in lines if line]


def parse(script: str, arguments: list[str]) -> argparse.Namespace:
    """Return what the parser of a Python script makes of its arguments."""
    parse_args = argparse.ArgumentParser.parse_args

    def stop(self, *args, **options):
        raise Parsed(parse_args(self, *args, **options))

    folder = str((ROOT / script).parent)
    patches = (
        mock.patch.object(sys, 'path', [folder, *sys.path]),
        mock.patch.object(argparse.ArgumentParser, 'parse_args', stop),
        mock.patch.object(sys, 'argv', [script, *arguments]),
        mock.patch.object(compat, 'apply'),  # it would stay applied in the tests that follow
    )
    with patches[0], patches[1], patches[2], patches[3]:
        try:
            runpy.run_path(str(ROOT / script), run_name='__main__')
        except Parsed as parsed:
            return parsed.args[0]
        except SystemExit as end:
            raise AssertionError(f'{script} refuses {arguments}') from end
    raise AssertionError(f'{script} parses no command line')


@cache
def config_at(path: str) -> Config:
    return Config.fromfile(ROOT / find_config(path))


def check_config(path: str, keys: list[str]) -> None:
    """Check that a config loads and has the entries that a command line overrides."""
    for key in keys:
        node = config_at(path)
        for part in key.split('.'):
            node = node[int(part) if isinstance(node, list) else part]


def check_python(arguments: list[str]) -> None:
    if arguments[:2] == ['-m', 'mmgb.suggest']:
        arguments = ['mmgb/suggest/__main__.py', *arguments[2:]]
    elif arguments[:2] == ['-m', 'mmgb']:
        if arguments[2:]:  # without a tool it prints the list of them
            check_entry(*arguments[2:])
        return
    elif arguments[:2] == ['-m', 'mmgb.apis.rank_launcher']:
        return check_python(arguments[arguments.index('-m', 2) :])
    elif arguments[:2] == ['-m', 'venv']:
        return
    elif arguments[0] == '-c':
        exec(arguments[1], {})
        return
    elif arguments[0] == '-m':
        assert arguments[1] == 'pytest'
        return check_pytest(arguments[2:])
    script, *rest = arguments
    args = parse(script, rest)
    if script == 'tools/experiments.py' and args.command == 'run':
        assert select(read_manifest(ROOT / 'configs'), args.names)
    if 'config' in args:
        options = getattr(args, 'cfg_options', None) or []
        keys = [*(parse_overrides(options, '--cfg-options') if isinstance(options, list) else options)]
        check_config(args.config, keys + [values.split('=')[0] for values in getattr(args, 'vary', [])])


def check_entry(name: str, *arguments: str) -> None:
    """Check a tool of ``python -m mmgb`` or a console script."""
    if name in entry.MODULES:
        return check_python(['-m', entry.MODULES[name][0], *arguments])
    check_python([f'tools/{entry.TOOLS[name][0]}', *arguments])


def check_pytest(arguments: list[str]) -> None:
    command = [sys.executable, '-m', 'pytest', '--markers', *arguments]  # it parses all options, and runs no test
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def check_bash(arguments: list[str]) -> None:
    script, *rest = arguments
    if script == 'tools/dist_train.sh':
        config, processes, *options = rest
        assert int(processes) >= 1
        check_python(['tools/train.py', config, '--launcher', 'pytorch', *options])
    elif script == 'tools/run_tests.sh':
        check_pytest(rest)
    else:
        assert script == 'tools/quickstart.sh' and not rest


def check_git(arguments: list[str]) -> None:
    command, url, folder = arguments
    assert (command, url, folder) == ('clone', PLACEHOLDERS['REPOSITORY'], 'mmgb')


def check_pip(arguments: list[str]) -> None:
    if arguments in OTHER_PIP:
        return
    command, requirement = [word for word in arguments if word != '-e']
    requirement = Requirement(re.sub(r'^\.', 'mmgb', requirement))  # `.` in a clone
    tree = ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8'))
    (extras,) = (
        {key.value for key in node.value.keys}
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == 'EXTRAS'
    )
    assert (command, requirement.name) == ('install', 'mmgb') and requirement.extras <= extras


def check_ruff(arguments: list[str]) -> None:
    done = subprocess.run(['ruff', *arguments, '--help'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


CHECKS = {'bash': check_bash, 'git': check_git, 'pip': check_pip, 'python': check_python, 'ruff': check_ruff}
CHECKS['python3'] = check_python
CHECKS |= {script: partial(lambda name, arguments: check_entry(name, *arguments), script[5:]) for script in SCRIPTS}


def check(text: str, folder: Path) -> None:
    """Check each command of a block."""
    commands = record(text, folder)
    assert commands
    for program, *arguments in commands:
        assert not [word for word in arguments if re.fullmatch('[A-Z][A-Z_]+', word)], 'a placeholder without a value'
        named = [match[1] for word in arguments for match in IN_REPOSITORY.finditer(word)]
        assert [path for path in named if not (ROOT / path).exists()] == []
        if program in CHECKS:
            CHECKS[program](arguments)


@pytest.mark.parametrize('block', COMMANDS, ids=str)
def test_commands_are_accepted_by_the_tools(block, tmp_path):
    check(block.text, tmp_path)


@pytest.mark.parametrize(
    'text',
    [
        'pip install .[openmm]',
        'pip install mmsegmentation',
        'conda install mmgb',
        'python tools/train.py CONFIG --resumes',
        'python tools/train.py CONFIG --cfg-options model.modle.head.num_classes=2',
        'python tools/trian.py CONFIG',
        'python tools/test.py CONFIG',
        'python -m mmgb.suggest CONFIG --loss gb',
        'python tools/experiments.py run digit',
        'python tools/run_trials.py CONFIG --trials five --out FILE.json',
        'python tools/analysis_tools/compare_trials.py a=docs/results/no.json',
        'bash tools/dist_train.sh configs/no.py 8',
        'bash tools/dist_train.sh CONFIG',
        'bash tools/run_tests.sh --no-such-option',
        'bash tools/quickstart.sh CONFIG',
        'python tools/train.py MY_CONFIG',
        'ruff check --repair .',
    ],
)
def test_wrong_commands_are_found(text, tmp_path):
    with pytest.raises((AssertionError, KeyError, ValueError, OSError)):
        check(text, tmp_path)
