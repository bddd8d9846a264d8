"""run_trials.py runs trainings of a tiny network and records their learning curves."""

import importlib.util
import json
import math
import os
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from helpers.many_runs import assert_one_sentence, run_many
from helpers.started_tools import started, wait_for
from helpers.tiny_runs import TOOLS, make_workspace, run, run_line, succeeded

from mmgb import compat
from mmgb.functional.errors import ConfigError
from mmgb.trials.schedule import Job

# Two epochs of two iterations. The second epoch waits while a file 'hold' exists.
CONFIG = """
_base_ = 'cls.py'
train_cfg = dict(max_epochs=2)
custom_hooks = [dict(type='mmgb.CheckInvalidLossHook'), dict(type='Holds')]
custom_imports = dict(imports=['holding_hook'])
"""
HOOK = """
import os
import time

from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class Holds(Hook):
    def before_train_epoch(self, runner):
        while runner.epoch == 1 and os.path.exists('hold'):
            part = f'held.{os.getpid()}'  # several processes may write at the same time
            with open(part, 'w') as file:
                file.write(str(os.getpid()))
            os.replace(part, 'held')
            time.sleep(.05)
"""
RATE = 'optim_wrapper.optimizer.lr'
DIVERGING = '1e38'
TWO_PROCESSES = ['run_trials.py', 'trial.py', '--trials', 1, '--nproc-per-trial', 2]
AFTER_A_START = ('config that cannot be built', 'no such metric')  # invalid input that only a trial can find


def refusals():
    """Return {name: (arguments, part of the error message)}."""
    full = ['trial.py', '--trials', 1, '--out', 'refused.json']
    return {
        'no trial': (['trial.py', '--trials', 0, '--out', 'x.json'], '--trials=0: expected a positive integer'),
        'no job': ([*full, '--jobs', -1], '--jobs=-1: expected a positive integer'),
        'no process': ([*full, '--nproc-per-trial', 0], '--nproc-per-trial=0: expected a positive integer'),
        'ending': (
            ['trial.py', '--trials', 1, '--out', 'x.txt'],
            "--out='x.txt': expected a name that ends with .json",
        ),
        'no config': (['nowhere.py', '--trials', 1, '--out', 'x.json'], "config='nowhere.py' is not a file"),
        'no validation': ([*full, '--cfg-options', 'val_cfg=None'], "config='trial.py' lacks val_cfg"),
        'no value': ([*full, '--vary', RATE], f"--vary '{RATE}': expected KEY=V1,V2,…"),
        'no key': ([*full, '--vary', 'train_cfg.max_epochs.x=1,2'], "'train_cfg.max_epochs' is 2, without entry 'x'"),
        'no option': ([*full, '--cfg-options', RATE], f"--cfg-options '{RATE}': expected KEY=VALUE"),
        'two places': (
            [*full, '--cfg-options', f'{RATE}=1', '--vary', f'{RATE}=1,2'],
            f'{RATE}: expected in --vary or in --cfg-options, got both',
        ),
        'seed': ([*full, '--vary', 'randomness.seed=1,2'], 'randomness.seed is set by --trials'),
        'another file': (
            ['trial.py', '--trials', 1, '--out', 'other.json'],
            "--out: 'other.json': expected trials with metric='accuracy/top1', got 'mIoU': choose another",
        ),
        'no file of trials': (
            ['trial.py', '--trials', 1, '--out', 'list.json'],
            "--out: 'list.json': expected a file of tools/run_trials.py, got TypeError",
        ),
        'a folder of others': (
            [*full, '--work-dir', 'precious'],
            "'precious/seed_0': expected a new folder or one of a",
        ),
        'config that cannot be built': (
            ['cls.py', *full[1:], '--cfg-options', 'model.backbone.type=NoSuchNet'],
            "config='cls.py' can't be built: KeyError: NoSuchNet",
        ),
        'steps that are all 0': (
            [*full, '--cfg-options', 'train_cfg.by_epoch=False', 'train_cfg.max_iters=4'],
            'default_hooks.logger.log_metric_by_epoch=True: expected False for a training of max_iters iterations',
        ),
        'no such metric': (['cls.py', *full[1:], '--metric', 'mIoU'], 'no validation with mIoU'),
    }


pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    folder = make_workspace(tmp_path_factory.mktemp('trials'))
    (folder / 'trial.py').write_text(CONFIG)
    (folder / 'holding_hook.py').write_text(HOOK)
    (folder / 'other.json').write_text(
        json.dumps(dict(config='trial.py', cfg_options={}, metric='mIoU', step='epoch', environment={}, settings=[]))
    )
    (folder / 'list.json').write_text('[]')
    (folder / 'precious' / 'seed_0').mkdir(parents=True)
    return folder


@pytest.fixture(scope='module')
def runs(workspace):
    """Return {name: Future}; two runs at a time, because importing the hosts takes most of their time."""
    with ThreadPoolExecutor(2) as pool:
        yield dict(
            trials=pool.submit(interrupted_and_picked_up, workspace),
            plain=pool.submit(plain_training, workspace),
            two=pool.submit(run, workspace, *TWO_PROCESSES, '--out', 'two.json', '--work-dir', 'two', path=[workspace]),
            two_diverge=pool.submit(
                run,
                workspace,
                *(*TWO_PROCESSES, '--out', 'diverge.json', '--work-dir', 'diverge', '--cfg-options'),
                *(f'{RATE}={DIVERGING}', 'train_cfg.max_epochs=4'),
                path=[workspace],
            ),
            refused=pool.submit(
                run_many,
                workspace,
                {name: ['run_trials.py', *arguments] for name, (arguments, _) in refusals().items()},
            ),
        )


def interrupted_and_picked_up(folder):
    """Run two seeds of two settings, send SIGTERM in the third trial's second epoch, and run the same twice more."""
    line = f'run_trials.py trial.py --trials 2 --out new/trials.json --vary {RATE}=0.1,{DIVERGING}'
    output = folder / 'output'
    with started(folder, line, path=[folder]) as process:
        wait_for(lambda: '=0.1 seed 1: started' in output.read_text())
        (folder / 'hold').touch()
        wait_for((folder / 'held').exists)
        before = json.loads((folder / 'new/trials.json').read_text())
        process.send_signal(signal.SIGTERM)
        code = process.wait(600)
    (folder / 'hold').unlink()
    again, nothing_left = (run_line(folder, f'{line} --jobs 2', path=[folder]) for _ in range(2))
    return code, output.read_text(), before, again, nothing_left


def plain_training(folder):
    return run(
        folder,
        'train.py',
        'cls.py',
        '--work-dir',
        'plain',
        '--cfg-options',
        'train_cfg.max_epochs=2',
        'randomness.seed=1',
        f'{RATE}=0.1',
    )


@pytest.fixture
def run_trials(monkeypatch):
    """The tool as a module."""
    monkeypatch.setattr(compat, 'apply', lambda: None)  # it would stay applied in the tests that follow
    spec = importlib.util.spec_from_file_location('run_trials', TOOLS / 'run_trials.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('option', ['--trials', '--jobs', '--nproc-per-trial'])
def test_counts_must_be_positive(option, run_trials, monkeypatch):
    arguments = ['run_trials.py', 'trial.py', '--trials', '1', '--out', 'a.json', option, '0']
    monkeypatch.setattr(sys, 'argv', arguments)
    with pytest.raises(ConfigError, match=f'{option}=0: expected a positive integer'):
        run_trials.check(run_trials.parse_args(), [[]])


def test_more_processes_than_gpus_are_refused(run_trials, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    arguments = ['run_trials.py', 'trial.py', '--trials', '1', '--out', 'a.json', '--nproc-per-trial', '3']
    monkeypatch.setattr(sys, 'argv', arguments)
    with pytest.raises(ConfigError, match='--nproc-per-trial=3: expected at most the number of GPUs, 2'):
        run_trials.check(run_trials.parse_args(), [[]])


@pytest.mark.parametrize('values, failed', [([math.nan, 40.0], False), ([math.nan], True)])
def test_a_finished_trial_without_a_finite_metric_has_failed(values, failed, run_trials, tmp_path):
    log = tmp_path / '20260101_000000/vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('\n'.join(json.dumps({'score': value, 'step': step}) for step, value in enumerate(values)))
    found = run_trials.read_trial(Job(1, 'seed 0', {}, 0, tmp_path, []), 0, '', 'score')
    assert (found.failed is not None) == failed and found.curve == [(1, 40.0)][: not failed]


@pytest.mark.slow
def test_the_file_holds_the_trials_of_every_setting_of_the_grid(runs, workspace):
    _, before, _, again, _ = runs['trials'].result()
    output = before + succeeded(again)
    content = json.loads((workspace / 'new/trials.json').read_text())
    settings = content.pop('settings')
    assert content.pop('environment')['threads'] == 1
    assert content == dict(config='trial.py', cfg_options={}, metric='accuracy/top1', step='epoch')
    assert [setting['overrides'] for setting in settings] == [{RATE: 0.1}, {RATE: 1e38}]
    assert [[trial['seed'] for trial in setting['trials']] for setting in settings] == [[0, 1], [0, 1]]
    for trial in settings[0]['trials']:
        assert [step for step, _ in trial['curve']] == [1, 2]
        assert trial['best'] == max(value for _, value in trial['curve'])
        assert (
            f'{RATE}=0.1 seed {trial["seed"]}: best accuracy/top1 {trial["best"]:.2f} at epoch '
            f'{trial["best_step"]}; ' in output
        )
    assert '[1/4]' in output and re.search(r'2 of 4 trials, \d+:\d\d min so far, about \d+:\d\d min to go', output)


@pytest.mark.slow
def test_an_interrupted_trial_restarts_and_has_the_numbers_of_plain_training(runs, workspace):
    succeeded(runs['plain'].result())
    succeeded(runs['trials'].result()[3])
    (log,) = (workspace / 'plain').glob('*/vis_data/scalars.json')
    records = [json.loads(line) for line in log.read_text().splitlines()]
    curve = [[record['step'], record['accuracy/top1']] for record in records if 'accuracy/top1' in record]
    content = json.loads((workspace / 'new/trials.json').read_text())
    assert len(curve) == 2 and content['settings'][0]['trials'][1]['curve'] == curve
    # The losses are equal, too, and the log of the interrupted start is gone.
    (again,) = (workspace / f'work_dirs/trials/trial/{RATE}=0.1/seed_1').glob('*/vis_data/scalars.json')
    losses, expected = (
        [json.loads(line)['loss'] for line in path.read_text().splitlines() if '"loss"' in line]
        for path in (again, log)
    )
    assert len(losses) == 4 and losses == expected


@pytest.mark.slow
def test_an_interruption_keeps_ended_trials_and_stops_the_running_one(runs, workspace):
    code, output, before, *_ = runs['trials'].result()
    assert code == 130 and 'interrupted; the same command continues' in output and 'Traceback' not in output
    assert [[trial['seed'] for trial in setting['trials']] for setting in before['settings']] == [[0], [0]]
    with pytest.raises(ProcessLookupError):
        os.kill(int((workspace / 'held').read_text()), 0)


@pytest.mark.slow
def test_the_same_command_runs_only_missing_trials(runs, workspace):
    _, _, before, again, nothing_left = runs['trials'].result()
    output = succeeded(again)
    assert "4 trials, 2 of them already in 'new/trials.json'" in output and output.count(': started') == 2
    after = json.loads((workspace / 'new/trials.json').read_text())
    for old, new in zip(before['settings'], after['settings']):
        assert new['trials'][0] == old['trials'][0]
    first, last = succeeded(nothing_left).splitlines()
    assert first == "4 trials, 4 of them already in 'new/trials.json'"
    assert last.endswith('compare_trials.py trials=new/trials.json') and "'work_dirs/trials/trial'" in last


@pytest.mark.slow
def test_a_diverging_trial_is_recorded_with_its_error_and_the_others_continue(runs, workspace):
    _, before, _, again, _ = runs['trials'].result()
    output = before + succeeded(again)
    for trial in json.loads((workspace / 'new/trials.json').read_text())['settings'][1]['trials']:
        found = re.match(r'FloatingPointError: iteration (\d): (the loss is not|scores exceed)', trial['failed'])
        iteration = int(found.group(1))
        assert len(trial['curve']) == (iteration - 1) // 2 and ('best' in trial) == bool(trial['curve'])
        log = f'work_dirs/trials/trial/{RATE}={DIVERGING}/seed_{trial["seed"]}/trial.log'
        assert f"failed: {trial['failed']} (log: '{log}')" in output
        assert (workspace / log).read_text().splitlines()[-1] == trial['failed']


@pytest.mark.slow
def test_no_checkpoint_is_kept(runs, workspace):
    succeeded(runs['trials'].result()[3])
    folder = workspace / 'work_dirs/trials'
    assert list(folder.rglob('scalars.json')) and not list(folder.rglob('*.pth'))


@pytest.mark.slow
def test_a_trial_may_train_in_two_processes(runs, workspace):
    assert 'seed 0: best accuracy/top1' in succeeded(runs['two'].result())
    content = json.loads((workspace / 'two.json').read_text())
    assert content['environment']['processes'] == 2
    ((trial,),) = (setting['trials'] for setting in content['settings'])
    assert [step for step, _ in trial['curve']] == [1, 2] and 'failed' not in trial
    # Each process takes one of the two batches of an epoch, so the log has two losses instead of four.
    (log,) = (workspace / 'two/seed_0').glob('*/vis_data/scalars.json')
    assert log.read_text().count('"loss"') == 2


@pytest.mark.slow
def test_a_trial_of_two_processes_that_diverges_is_recorded_with_its_error(runs, workspace):
    output = succeeded(runs['two_diverge'].result())
    ((trial,),) = (setting['trials'] for setting in json.loads((workspace / 'diverge.json').read_text())['settings'])
    assert re.match(r'FloatingPointError: iteration \d: (the loss is not|scores exceed)', trial['failed'])
    assert f'failed: {trial["failed"]}' in output


@pytest.mark.slow
@pytest.mark.parametrize('name', refusals())
def test_invalid_input_gives_one_sentence_and_overwrites_nothing(name, runs, workspace):
    _, sentence = refusals()[name]
    code, output = runs['refused'].result()[name]
    complaint = output.splitlines(keepends=True)[-1]
    assert_one_sentence((code, complaint), 'run_trials.py', sentence)
    assert 'Traceback' not in output and ('started' in output) == (name in AFTER_A_START)
    assert json.loads((workspace / 'other.json').read_text())['metric'] == 'mIoU'
    assert (workspace / 'list.json').read_text() == '[]' and not (workspace / 'refused.json').exists()
    assert list((workspace / 'precious' / 'seed_0').iterdir()) == []
