"""run_trials.py, with real trainings of a tiny network."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers.many_runs import assert_one_sentence, run_many
from helpers.tiny_runs import ROOT, TOOLS, make_workspace, run, succeeded

# Two epochs of two iterations. While there is a file 'hold', the second epoch doesn't begin.
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
            with open('held.part', 'w') as file:
                file.write(str(os.getpid()))
            os.replace('held.part', 'held')
            time.sleep(.05)
"""
RATE = 'optim_wrapper.optimizer.lr'
DIVERGING = '1e38'
AFTER_A_START = ('what training refuses', 'no such metric')  # bad input that only a trial can find


def refusals():
    """{name: (arguments, what the sentence holds)}"""
    full = ['trial.py', '--trials', 1, '--out', 'refused.json']
    return {
        'no trial': (['trial.py', '--trials', 0, '--out', 'x.json'], '--trials must be at least 1, got 0'),
        'no job': ([*full, '--jobs', -1], '--jobs must be at least 1, got -1'),
        'ending': (['trial.py', '--trials', 1, '--out', 'x.txt'], "--out='x.txt' should end with .json"),
        'no config': (['nowhere.py', '--trials', 1, '--out', 'x.json'], "config='nowhere.py' is not a file"),
        'no validation': ([*full, '--cfg-options', 'val_cfg=None'], "config='trial.py' lacks val_cfg"),
        'no value': ([*full, '--vary', RATE], f"--vary '{RATE}': expected KEY=V1,V2,…"),
        'no key': ([*full, '--vary', 'train_cfg.max_epochs.x=1,2'], "'train_cfg.max_epochs' is 2, without entry 'x'"),
        'no option': ([*full, '--cfg-options', RATE], f"--cfg-options '{RATE}': expected KEY=VALUE"),
        'two places': (
            [*full, '--cfg-options', f'{RATE}=1', '--vary', f'{RATE}=1,2'],
            f'{RATE} is both in --vary and in --cfg-options',
        ),
        'seed': ([*full, '--vary', 'randomness.seed=1,2'], 'randomness.seed is set by --trials'),
        'another file': (
            ['trial.py', '--trials', 1, '--out', 'other.json'],
            "--out: 'other.json' holds trials with metric='mIoU', not 'accuracy/top1': choose another",
        ),
        'no file of trials': (
            ['trial.py', '--trials', 1, '--out', 'list.json'],
            "--out: 'list.json' is not what tools/run_trials.py writes",
        ),
        'a folder of others': ([*full, '--work-dir', 'precious'], "'precious/seed_0' is not of a trial"),
        'what training refuses': (
            ['cls.py', *full[1:], '--cfg-options', 'model.backbone.type=NoSuchNet'],
            "config='cls.py' can't be built: KeyError: NoSuchNet",
        ),
        'no such metric': (['cls.py', *full[1:], '--metric', 'mIoU'], 'no validation with mIoU'),
    }


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
    """{name: Future}: the runs go two at a time, since most of a run's time is importing the hosts."""
    with ThreadPoolExecutor(2) as pool:
        yield dict(
            trials=pool.submit(interrupted_and_picked_up, workspace),
            plain=pool.submit(plain_training, workspace),
            refused=pool.submit(
                run_many,
                workspace,
                {name: ['run_trials.py', *arguments] for name, (arguments, _) in refusals().items()},
            ),
        )


def interrupted_and_picked_up(folder):
    """Two seeds of two settings; SIGTERM in the second epoch of the third trial; then the same again, and once more."""
    arguments = ['trial.py', '--trials', '2', '--out', 'new/trials.json', '--vary', f'{RATE}=0.1,{DIVERGING}']
    variables = {
        **os.environ,
        'OMP_NUM_THREADS': '1',
        'CUDA_VISIBLE_DEVICES': '-1',
        'PYTHONPATH': os.pathsep.join(map(str, (folder, ROOT))),
    }
    with subprocess.Popen(
        [sys.executable, '-W', 'ignore', TOOLS / 'run_trials.py', *arguments],
        cwd=folder,
        text=True,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if '=0.1 seed 1: started' in line:
                (folder / 'hold').touch()
                break
        give_up = time.monotonic() + 100
        while not (folder / 'held').exists() and process.poll() is None and time.monotonic() < give_up:
            time.sleep(0.05)
        before = json.loads((folder / 'new/trials.json').read_text())
        process.send_signal(signal.SIGTERM)
        lines += list(process.stdout)
    (folder / 'hold').unlink()
    again, nothing_left = (run(folder, 'run_trials.py', *arguments, '--jobs', 2, path=[folder]) for _ in range(2))
    return process.returncode, ''.join(lines), before, again, nothing_left


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


def test_every_setting_of_the_grid_gets_its_trials_and_the_file_says_what_they_are(runs, workspace):
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
    assert '[1/4]' in output and re.search(r'2 of 4 ended, \d+:\d\d min so far, about \d+:\d\d min to go', output)


def test_an_interrupted_trial_starts_anew_and_has_the_numbers_of_plain_training(runs, workspace):
    succeeded(runs['plain'].result())
    succeeded(runs['trials'].result()[3])
    (log,) = (workspace / 'plain').glob('*/vis_data/scalars.json')
    records = [json.loads(line) for line in log.read_text().splitlines()]
    curve = [[record['step'], record['accuracy/top1']] for record in records if 'accuracy/top1' in record]
    content = json.loads((workspace / 'new/trials.json').read_text())
    assert len(curve) == 2 and content['settings'][0]['trials'][1]['curve'] == curve
    # Its losses, too, which are finer; and nothing of the first start is left.
    (again,) = (workspace / f'work_dirs/trials/trial/{RATE}=0.1/seed_1').glob('*/vis_data/scalars.json')
    losses, expected = (
        [json.loads(line)['loss'] for line in path.read_text().splitlines() if '"loss"' in line]
        for path in (again, log)
    )
    assert len(losses) == 4 and losses == expected


def test_an_interruption_keeps_what_has_ended_ends_the_training_and_says_how_to_go_on(runs, workspace):
    code, output, before, *_ = runs['trials'].result()
    assert code == 130 and 'interrupted; the same command goes on' in output and 'Traceback' not in output
    assert [[trial['seed'] for trial in setting['trials']] for setting in before['settings']] == [[0], [0]]
    with pytest.raises(ProcessLookupError):
        os.kill(int((workspace / 'held').read_text()), 0)


def test_the_same_command_runs_only_what_is_missing(runs, workspace):
    _, _, before, again, nothing_left = runs['trials'].result()
    output = succeeded(again)
    assert "4 trials, 2 of them in 'new/trials.json' already" in output and output.count(': started') == 2
    after = json.loads((workspace / 'new/trials.json').read_text())
    for old, new in zip(before['settings'], after['settings']):
        assert new['trials'][0] == old['trials'][0]
    assert succeeded(nothing_left) == "4 trials, 4 of them in 'new/trials.json' already\n"


def test_a_diverging_trial_is_recorded_with_its_error_and_the_others_go_on(runs, workspace):
    _, before, _, again, _ = runs['trials'].result()
    output = before + succeeded(again)
    for trial in json.loads((workspace / 'new/trials.json').read_text())['settings'][1]['trials']:
        found = re.match(r'FloatingPointError: iteration (\d): the loss is not finite', trial['failed'])
        iteration = int(found.group(1))
        assert len(trial['curve']) == (iteration - 1) // 2 and ('best' in trial) == bool(trial['curve'])
        log = f'work_dirs/trials/trial/{RATE}={DIVERGING}/seed_{trial["seed"]}/trial.log'
        assert f"failed: {trial['failed']} (the end of '{log}')" in output
        assert (workspace / log).read_text().splitlines()[-1] == trial['failed']


def test_no_checkpoint_is_kept(runs, workspace):
    succeeded(runs['trials'].result()[3])
    folder = workspace / 'work_dirs/trials'
    assert list(folder.rglob('scalars.json')) and not list(folder.rglob('*.pth'))


@pytest.mark.parametrize('name', refusals())
def test_bad_input_ends_in_one_sentence_and_nothing_is_overwritten(name, runs, workspace):
    _, sentence = refusals()[name]
    code, output = runs['refused'].result()[name]
    complaint = output.splitlines(keepends=True)[-1]
    assert_one_sentence((code, complaint), 'run_trials.py', sentence)
    assert 'Traceback' not in output and ('started' in output) == (name in AFTER_A_START)
    assert json.loads((workspace / 'other.json').read_text())['metric'] == 'mIoU'
    assert (workspace / 'list.json').read_text() == '[]' and not (workspace / 'refused.json').exists()
    assert list((workspace / 'precious' / 'seed_0').iterdir()) == []
