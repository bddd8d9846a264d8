"""Trainings that are killed, interrupted, started twice, or run out of disk space.

Each process imports a host for seconds, so a test makes all its claims on one training.
``tools/faults/kill_and_resume.py`` kills more trainings, and compares them bit by bit with uninterrupted ones.
"""

import os
import re
import shutil
import signal

import pytest
import torch
from helpers.host_stacks import STACKS, stack_path
from helpers.started_tools import descendants, runs, started, wait_for
from helpers.tiny_runs import make_workspace, run_line, succeeded

pytestmark = pytest.mark.slow  # each run imports a host in a new process

# A training that does not end by itself, with workers, and with one checkpoint at a time.
ENDLESS = """
_base_ = 'cls.py'
train_cfg = dict(max_epochs=1000000)
train_dataloader = dict(num_workers=1)
default_hooks = dict(checkpoint=dict(interval=2, max_keep_ckpts=1))
"""
# The process is killed while it writes its second checkpoint.
KILLED = """
_base_ = 'cls.py'
train_cfg = dict(max_epochs=3)
default_hooks = dict(checkpoint=dict(interval=1, max_keep_ckpts=1, save_best='accuracy/top1'))
custom_hooks = [dict(type='Kills')]
custom_imports = dict(imports=['killing_hook'])
"""
HOOK = """
import os, signal
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class Kills(Hook):
    def before_save_checkpoint(self, runner, checkpoint):
        if os.path.exists('kill') and checkpoint['meta']['epoch'] == 2:
            os.kill(os.getpid(), signal.SIGKILL)
"""
TRIALS = 'run_trials.py trials.py --trials 1 --work-dir trials'
ONE, TWO = 'train.py endless.py --no-validate', 'dist_train.sh endless.py 2 --no-validate'


@pytest.fixture
def folder(tmp_path):
    make_workspace(tmp_path)
    (tmp_path / 'endless.py').write_text(ENDLESS)
    (tmp_path / 'killed.py').write_text(KILLED)
    (tmp_path / 'killing_hook.py').write_text(HOOK)
    return tmp_path


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A folder with the work directory of a finished training."""
    folder = make_workspace(tmp_path_factory.mktemp('trained'))
    succeeded(run_line(folder, 'train.py cls.py --work-dir run'))
    return folder


def wait_for_checkpoint(folder, work_dir='run'):
    wait_for(lambda: (folder / work_dir / 'last_checkpoint').is_file())


def readable_checkpoints(folder):
    paths = list(folder.glob('*.pth'))
    for path in paths:
        torch.load(path, weights_only=False)
    return sorted(path.name for path in paths)


def test_a_running_training_is_left_alone_and_a_killed_one_ends_with_its_launcher_and_resumes(folder):
    keep_all = '--cfg-options default_hooks.checkpoint.max_keep_ckpts=-1'
    with started(folder, f'{TWO} --work-dir trials/seed_0 {keep_all}') as launcher:
        wait_for_checkpoint(folder, 'trials/seed_0')
        work_dir = folder / 'trials/seed_0'
        first, *_ = below = descendants(launcher.pid)
        assert len(below) >= 4  # two ranks, a worker each
        (work_dir / 'trial.log').touch()
        before = set(work_dir.glob('2*_*'))
        second = run_line(folder, 'train.py cls.py --work-dir trials/seed_0')
        assert second.returncode == 2 and 'Traceback' not in second.stdout
        sentence = f"^train.py: error: work_dir='trials/seed_0': .* in use by process {first} "
        assert re.search(sentence, second.stdout, re.M)
        (folder / 'trials.py').write_text(ENDLESS)
        emptying = run_line(folder, f'{TRIALS} --out a.json')
        assert emptying.returncode == 2 and "--work-dir: 'trials/seed_0': expected one that no" in emptying.stdout
        checkpoint = (work_dir / 'last_checkpoint').read_text()
        succeeded(run_line(folder, f'test.py cls.py {checkpoint} --work-dir trials/seed_0/test'))
        assert set(work_dir.glob('2*_*')) == before
        launcher.kill()
        wait_for(lambda: not any(map(runs, below)))
    assert readable_checkpoints(work_dir)
    resumed = succeeded(run_line(folder, 'train.py cls.py --work-dir trials/seed_0 --resume --no-validate'))
    assert re.search("'trials/seed_0/mmgb.lock' is taken over from process .*, which was killed", resumed)
    (log, *_) = sorted(work_dir.glob('2*_*/*.log'), reverse=True)
    assert 'is taken over' in log.read_text() and not (work_dir / 'mmgb.lock').exists()


def test_an_interruption_of_two_ranks_ends_with_one_sentence_that_names_the_checkpoint(folder):
    with started(folder, f'{TWO} --work-dir run') as process:
        wait_for_checkpoint(folder)
        below = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(600) == 143
    wait_for(lambda: not any(map(runs, below)))
    output = (folder / 'output').read_text()
    assert 'Traceback' not in output and output.count('stopped') == 1
    sentence = 'interrupted by SIGTERM; run the same command with --resume to continue from '
    found = re.search(rf"^train.py: stopped: {sentence}'(run/epoch_\d+\.pth)'$", output, re.M)
    assert found and (folder / found[1]).is_file() and not (folder / 'run/mmgb.lock').exists()


def test_an_interruption_before_the_first_checkpoint_says_so(folder):
    with started(folder, f'{ONE} --work-dir run --cfg-options default_hooks.checkpoint.interval=1000000') as process:
        wait_for(lambda: 'Epoch(train)' in (folder / 'output').read_text())
        process.send_signal(signal.SIGINT)
        assert process.wait(600) == 130
    assert (
        (folder / 'output')
        .read_text()
        .endswith(
            '\ntrain.py: stopped: interrupted by SIGINT; run the same command again to start anew: '
            "'run' has no checkpoint yet\n"
        )
    )


def test_an_interruption_while_the_tool_starts_is_one_sentence(folder):
    with started(folder, f'{ONE} --work-dir run', new_interpreter=True) as process:
        # The handler is set before the first slow import.
        wait_for(lambda: 'SigCgt' in status(process.pid) and caught(process.pid) & (1 << signal.SIGTERM - 1))
        process.send_signal(signal.SIGTERM)
        assert process.wait(600) == 143
    output = (folder / 'output').read_text()
    assert re.fullmatch('train.py: (stopped: )?interrupted by SIGTERM.*\n', output)


def status(pid):
    with open(f'/proc/{pid}/status') as file:
        return file.read()


def caught(pid):
    """Return the mask of the signals that a process handles."""
    return int(re.search(r'SigCgt:\s*(\w+)', status(pid))[1], 16)


@pytest.mark.parametrize(('what', 'line'), [('checkpoint', TWO), ('log', ONE)])
def test_a_full_disk_ends_with_one_sentence_and_keeps_the_last_checkpoint(what, line, folder, trained):
    shutil.copytree(trained / 'run', folder / 'run')
    checkpoint = (folder / 'run/epoch_1.pth').stat().st_size
    # A limit on the size of a file simulates a full disk: in KiB, below the checkpoint's, or below the log's to come.
    limit = checkpoint // 2048 if what == 'checkpoint' else checkpoint // 1024 + 10
    options = '' if what == 'checkpoint' else '--cfg-options default_hooks.checkpoint.interval=1000000'
    with started(folder, f'{line} --work-dir run --resume {options}', file_limit=limit) as process:
        assert process.wait(240) == 1
    output = (folder / 'output').read_text()
    assert 'Traceback' not in output
    sentence = r'train.py: stopped: OSError: \[Errno 27\] File too large.*; make room, then run the same command with '
    assert re.search(rf"^{sentence}--resume to continue from 'run/epoch_1.pth'$", output, re.M)
    assert readable_checkpoints(folder / 'run') == ['epoch_1.pth']
    assert not list((folder / 'run').glob('*.unfinished'))


@pytest.mark.parametrize('stack', STACKS)
def test_a_kill_while_a_checkpoint_is_written_keeps_the_previous_one(stack, folder, trained):
    path = [folder, *stack_path(stack)]
    shutil.copytree(trained / 'run', folder / 'run')
    (folder / 'kill').touch()
    assert run_line(folder, 'train.py killed.py --work-dir run --resume', path=path).returncode == -9
    names = readable_checkpoints(folder / 'run')
    assert 'epoch_1.pth' in names
    assert (folder / 'run/last_checkpoint').read_text().endswith('epoch_1.pth')


@pytest.fixture
def trials(folder):
    """A folder with a config whose trial does not end by itself."""
    (folder / 'trials.py').write_text(ENDLESS)
    return folder


def wait_for_trial(folder):
    wait_for(lambda: any('Epoch(train)' in log.read_text() for log in (folder / 'trials').glob('**/trial.log')))


def test_trials_refuse_a_second_run_and_end_with_a_killed_run_trials(trials):
    with started(trials, f'{TRIALS} --out a.json --nproc-per-trial 2') as first:
        wait_for_trial(trials)
        same_file = run_line(trials, f'{TRIALS}2 --out a.json')
        same_folder = run_line(trials, f'{TRIALS} --out b.json')
        for process, name in ((same_file, "--out='a.json'"), (same_folder, "--work-dir: 'trials'")):
            assert process.returncode == 2
            (sentence,) = (line for line in process.stdout.splitlines() if line.startswith('run_trials.py'))
            assert sentence.startswith(
                f'run_trials.py: error: {name}: expected one that no other run uses, got one in '
            )
            assert f'process {first.pid} ' in sentence
        assert first.poll() is None and not (trials / 'trials2').exists()
        below = descendants(first.pid)
        assert len(below) >= 3  # the trial's launcher and its ranks
        first.kill()
        wait_for(lambda: not any(map(runs, below)))
    process = run_line(trials, f'{TRIALS} --out a.json --cfg-options train_cfg.max_epochs=1')
    assert "'a.json.lock' is taken over from process" in succeeded(process)
    assert not (trials / 'a.json.lock').exists()


def test_an_interrupted_trial_is_no_result(trials):
    with started(trials, f'{TRIALS} --out a.json') as process:
        wait_for_trial(trials)
        (trial, *_) = descendants(process.pid)
        os.kill(trial, signal.SIGTERM)
        assert process.wait(600) == 1
    output = (trials / 'output').read_text()
    assert 'killed by signal 15, not recorded' in output and not (trials / 'a.json').exists()


def test_a_trial_that_runs_out_of_disk_space_is_no_result(trials):
    with started(trials, f'{TRIALS} --out a.json', file_limit=20) as process:
        assert process.wait(240) == 1
    output = (trials / 'output').read_text()
    sentence = r'run_trials.py: stopped: seed 0: OSError: \[Errno 27\] File too large.*; make room, then run the same '
    assert re.search(f'^{sentence}command to continue$', output, re.M)
    assert 'Traceback' not in output and not (trials / 'a.json').exists()
