import subprocess
import sys
from pathlib import Path

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.trials.schedule import LOG, Job, last_line, plan, start


def make_plan(root, done=lambda overrides: [], trials=2):
    return plan(Path('train.py'), 'c.py', ['x=1'], [['lr=0.1'], ['lr=1']], trials, root, done)


def test_first_seeds_of_all_settings_come_first_each_with_a_folder_of_its_own(tmp_path):
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


def test_seeds_that_are_done_are_left_out(tmp_path):
    jobs = make_plan(tmp_path, lambda overrides: [0, 2] if overrides == {'lr': 1} else [1], trials=3)
    assert [job.name for job in jobs] == ['lr=0.1 seed 0', 'lr=1 seed 1', 'lr=0.1 seed 2']


def test_a_folder_that_is_not_of_a_trial_is_refused_and_one_of_a_trial_is_not(tmp_path):
    folder = make_plan(tmp_path)[1].folder
    folder.mkdir(parents=True)
    with pytest.raises(ConfigError, match='is not of a trial, and would be overwritten: choose another --work-dir'):
        make_plan(tmp_path)
    (folder / LOG).touch()
    assert len(make_plan(tmp_path)) == 4


def test_a_trial_starts_in_a_clean_folder_and_its_last_line_is_found(tmp_path):
    folder = tmp_path / 'seed_0'
    folder.mkdir()
    (folder / 'left_behind').touch()
    code = 'import sys; print("first"); print("  the last \\n\\n", file=sys.stderr)'
    job = Job(1, '', {}, 0, folder, [sys.executable, '-c', code])
    process = start(job)
    assert isinstance(process, subprocess.Popen) and process.wait() == 0
    assert [path.name for path in folder.iterdir()] == [LOG] and last_line(job) == 'the last'
    (folder / LOG).write_text('\n')
    assert last_line(job) == 'no message'
