"""Trials are planned seed by seed, each in its own folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.trials.schedule import LOG, Job, plan, start


def make_plan(root, done=lambda overrides: [], seeds=(0, 1), processes=1):
    return plan(Path('train.py'), 'c.py', ['x=1'], [['lr=0.1'], ['lr=1']], seeds, root, done, processes)


def test_the_first_seeds_of_all_settings_come_first_each_in_its_own_folder(tmp_path):
    jobs = make_plan(tmp_path)
    assert [(job.number, job.name, job.overrides, job.seed) for job in jobs] == [
        (1, 'lr=0.1 seed 0', {'lr': 0.1}, 0),
        (2, 'lr=1 seed 0', {'lr': 1}, 0),
        (3, 'lr=0.1 seed 1', {'lr': 0.1}, 1),
        (4, 'lr=1 seed 1', {'lr': 1}, 1),
    ]
    assert len({job.folder for job in jobs}) == 4 and jobs[0].folder == tmp_path / 'x=1,lr=0.1' / 'seed_0'
    assert jobs[2].command == [
        sys.executable,
        'train.py',
        'c.py',
        '--work-dir',
        str(jobs[2].folder),
        '--cfg-options',
        'x=1',
        'lr=0.1',
        'randomness.seed=1',
        'default_hooks.checkpoint=None',
    ]


def test_seeds_that_the_file_has_are_left_out(tmp_path):
    jobs = make_plan(tmp_path, lambda overrides: [0, 2] if overrides == {'lr': 1} else [1], seeds=range(3))
    assert [job.name for job in jobs] == ['lr=0.1 seed 0', 'lr=1 seed 1', 'lr=0.1 seed 2']


def test_seeds_may_start_above_0(tmp_path):
    jobs = make_plan(tmp_path, seeds=(2,))
    assert [(job.name, job.seed, job.folder.name) for job in jobs] == [
        ('lr=0.1 seed 2', 2, 'seed_2'),
        ('lr=1 seed 2', 2, 'seed_2'),
    ]
    assert 'randomness.seed=2' in jobs[0].command


def test_an_existing_folder_is_refused_unless_a_trial_made_it(tmp_path):
    folder = make_plan(tmp_path)[1].folder
    folder.mkdir(parents=True)
    with pytest.raises(ConfigError, match='which would be overwritten: choose another --work-dir'):
        make_plan(tmp_path)
    (folder / LOG).touch()
    assert len(make_plan(tmp_path)) == 4


def test_a_trial_starts_in_an_empty_folder_and_writes_its_log(tmp_path):
    folder = tmp_path / 'seed_0'
    folder.mkdir()
    (folder / 'left_behind').touch()
    code = 'import sys; print("first"); print("  the last \\n\\n", file=sys.stderr)'
    job = Job(1, '', {}, 0, folder, [sys.executable, '-c', code])
    process = start(job)
    assert isinstance(process, subprocess.Popen) and process.wait() == 0
    assert [path.name for path in folder.iterdir()] == [LOG]
    assert sorted((folder / LOG).read_text().split('\n')) == sorted(['first', '  the last ', '', '', ''])


def test_several_processes_per_trial_start_under_the_launcher(tmp_path):
    one, several = (make_plan(tmp_path, processes=processes)[0] for processes in (1, 3))
    begin = [sys.executable, '-m', 'mmgb.apis.rank_launcher', '--standalone', '--nproc-per-node=3']
    assert several.command[:5] == begin
    script = several.command.index('train.py')
    assert several.command[script:] == ['train.py', 'c.py', '--launcher', 'pytorch', *one.command[3:]]
    assert several.folder == one.folder
