"""The checkpoint from which a work dir goes on, after it was moved, copied or damaged."""

import shutil

import pytest
import torch

from mmgb.apis.latest_checkpoint import find_latest_checkpoint
from mmgb.functional.errors import ConfigError


def save(path, iterations, **fields):
    path.parent.mkdir(exist_ok=True)
    torch.save(dict(state_dict={}, meta=dict(iter=iterations), message_hub={}, **fields), path)


@pytest.fixture
def work_dir(tmp_path):
    """A work dir with four checkpoints; by name and by time the latest is not the last."""
    for iterations in (10, 2, 9, 4):
        save(tmp_path / 'run' / f'iter_{iterations}.pth', iterations)
    save(tmp_path / 'run' / 'iter_10.pth', 10)
    (tmp_path / 'run' / 'last_checkpoint').write_text(str(tmp_path / 'run' / 'iter_10.pth'))
    return tmp_path / 'run'


def name_of(found):
    return found.path.rpartition('/')[2]


def test_last_checkpoint_names_the_file_in_this_work_dir(work_dir, tmp_path):
    assert find_latest_checkpoint(work_dir).path == str(work_dir / 'iter_10.pth')
    for change in (shutil.copytree, shutil.move):
        here = tmp_path / change.__name__
        change(work_dir, here)
        save(here / 'iter_10.pth', 10, here=change.__name__)
        found = find_latest_checkpoint(here)
        assert (found.path, found.checkpoint['here'], found.remark) == (str(here / 'iter_10.pth'), change.__name__, '')


@pytest.mark.parametrize(
    'written', ['iter_4.pth', '/gone/iter_4.pth', 'C:\\gone\\iter_4.pth', ' iter_4.pth\n', '../iter_4.pth']
)
def test_only_the_name_counts(work_dir, written):
    (work_dir / 'last_checkpoint').write_text(written)
    found = find_latest_checkpoint(work_dir)
    assert (found.path, found.remark) == (str(work_dir / 'iter_4.pth'), '')


HOSTILE = [
    b'',
    b' \n',
    b'\xff\xfe',
    b'\0',
    b'iter_10.pth\0',
    b'a\nb',
    b'x' * 10**6,
    b'/' * 5000,
    b'/',
    b'..',
    b'gone.pth',
]


@pytest.mark.parametrize('content', [*HOSTILE, None, 'folder'], ids=lambda content: repr(content)[:12])
def test_without_a_usable_last_checkpoint_the_most_iterations_win(work_dir, content):
    (work_dir / 'last_checkpoint').unlink()
    if content == 'folder':
        (work_dir / 'last_checkpoint').mkdir()
    elif content is not None:
        (work_dir / 'last_checkpoint').write_bytes(content)
    found = find_latest_checkpoint(work_dir)
    assert name_of(found) == 'iter_10.pth' and 'using' in found.remark and 'iter_10.pth' in found.remark


def test_damaged_and_refused_checkpoints_are_skipped(work_dir):
    (work_dir / 'iter_10.pth').write_bytes((work_dir / 'iter_10.pth').read_bytes()[:-99])
    save(work_dir / 'best_mIoU_iter_99.pth', 99)

    def check(checkpoint, path):
        if checkpoint['meta']['iter'] == 99:
            raise ConfigError('no optimizer')

    found = find_latest_checkpoint(work_dir, check=check)
    assert name_of(found) == 'iter_9.pth' and 'iter_10.pth' in found.remark and 'may be damaged' in found.remark


def test_a_work_dir_with_checkpoints_of_which_none_is_readable_is_refused(work_dir):
    for path in work_dir.glob('*.pth'):
        path.write_bytes(b'PK\x03\x04')
    for last in ('iter_10.pth', ''):
        (work_dir / 'last_checkpoint').write_text(last)
        with pytest.raises(
            ConfigError, match=f"^--resume: no checkpoint in '{work_dir}' can be resumed .*another --work-dir$"
        ):
            find_latest_checkpoint(work_dir)


def test_a_named_checkpoint_that_is_gone_without_another_is_refused(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('old/iter_2.pth')
    with pytest.raises(ConfigError, match=f"--resume='{tmp_path}/iter_2.pth' is not a file"):
        find_latest_checkpoint(tmp_path)


def test_nothing_is_found_in_a_work_dir_without_a_training(tmp_path):
    assert find_latest_checkpoint(tmp_path / 'absent') is None
    for legacy in (True, False):  # pretrained weights are no training
        torch.save({'weight': torch.ones(1)}, tmp_path / f'{legacy}.pth', _use_new_zipfile_serialization=not legacy)
    assert find_latest_checkpoint(tmp_path) is None
    (tmp_path / 'last_checkpoint').write_text('')
    assert find_latest_checkpoint(tmp_path) is None


def test_another_folder_may_hold_the_checkpoints(work_dir, tmp_path):
    shutil.move(work_dir / 'iter_10.pth', tmp_path / 'iter_10.pth')
    assert find_latest_checkpoint(work_dir, tmp_path).path == str(tmp_path / 'iter_10.pth')
