"""The committed trials are those that `tools/reproduce.sh` would run: all of them, and as they were run.

Here it is run with a `python` that only writes down what it is called with.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmgb import compat
from mmgb.utils.cli.grid import make_grid
from mmgb.utils.cli.overrides import parse_overrides

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / 'docs/results'
CLAIMS = json.loads((RESULTS / 'claims.json').read_text())


@pytest.fixture(scope='module')
def reproduce(tmp_path_factory):
    """Runs it for some claims, in a checkout without results or data. Returns run_trials.py's command lines."""
    root = tmp_path_factory.mktemp('reproduce')
    shutil.copytree(ROOT / 'tools', root / 'tools')
    (root / 'configs').symlink_to(ROOT / 'configs')
    (root / 'data/imagenette64/train').mkdir(parents=True)
    (root / 'work_dirs/outputs').mkdir(parents=True)
    (root / 'work_dirs/outputs/gradients.json').touch()  # copied from there
    calls, python = root / 'calls', root / 'bin/python'
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\nprintf '%s\\037' \"$@\" >> '{calls}'\necho >> '{calls}'\n")
    python.chmod(0o755)

    def run(*arguments, code=0):
        calls.unlink(missing_ok=True)
        found = subprocess.run(
            ['bash', 'tools/reproduce.sh', *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            env={**os.environ, 'PATH': f'{python.parent}:{os.environ["PATH"]}'},
        )
        assert found.returncode == code, found.stdout + found.stderr
        if code:
            return found.stderr
        lines = [line.split('\037')[:-1] for line in calls.read_text().splitlines()]
        return [line[line.index('tools/run_trials.py') + 1 :] for line in lines if 'tools/run_trials.py' in line]

    return run


@pytest.fixture
def read(monkeypatch):
    """What run_trials.py understands by a command line."""
    monkeypatch.setattr(compat, 'apply', lambda: None)  # it would stay applied in the tests that follow
    spec = importlib.util.spec_from_file_location('run_trials', ROOT / 'tools/run_trials.py')
    run_trials = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run_trials)

    def parse(line):
        monkeypatch.setattr(sys, 'argv', ['run_trials.py', *line])
        return run_trials.parse_args()

    return parse


def test_committed_trials_are_of_the_scripts_commands(reproduce, read):
    unmade = set(RESULTS.glob('*/*.json')) - set(RESULTS.glob('*/gradients.json'))
    assert unmade
    for args in map(read, reproduce()):
        path = ROOT / args.out
        content = json.loads(path.read_text())
        assert (content['config'], content['metric']) == (args.config, args.metric), path
        assert content['cfg_options'] == parse_overrides(args.cfg_options, '--cfg-options'), path
        varied = [parse_overrides(setting, '--vary') for setting in make_grid(args.vary)]
        assert sorted(map(str, varied)) == sorted(str(setting['overrides']) for setting in content['settings']), path
        assert all(
            [trial['seed'] for trial in setting['trials']] in (list(range(n)) for n in range(1, args.trials + 1))
            for setting in content['settings']
        ), path
        unmade.discard(path)
    assert not unmade


def test_wide_networks_have_their_configs_and_files_of_their_own(reproduce, read):
    slim = {args.out: args for args in map(read, reproduce())}
    found = list(map(read, reproduce('--gpu')))
    assert any(args.out not in slim for args in found)
    for args in found:
        assert (ROOT / args.config).is_file()
        same = slim.get(args.out, args)
        assert (args.config, args.cfg_options) == (same.config, same.cfg_options)


@pytest.mark.parametrize('command', sorted({claim['command'] for claim in CLAIMS}))
def test_claims_name_the_command_that_makes_their_files(command, reproduce, read):
    made = {args.out for args in map(read, reproduce(*command.removeprefix('bash tools/reproduce.sh ').split()))}
    needed = [claim[side] for claim in CLAIMS if claim['command'] == command for side in ('first', 'second')]
    assert {Path('docs/results', re.sub(r':\d+$', '', file)) for file in needed} <= made


def test_an_unknown_claim_is_refused_with_those_there_are(reproduce):
    assert reproduce('mnist', code=2).startswith("reproduce.sh: no claim 'mnist', expected some of: lecture mnist_")
