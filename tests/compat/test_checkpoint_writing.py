import errno
import os
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook, checkpoint_hook
from mmengine.logging import MessageHub

from mmgb import compat


@pytest.fixture
def unpatched(monkeypatch):
    """Take the patch away for a test."""
    for owner, name in (
        (LocalBackend, 'put'),
        (CheckpointHook, '_save_checkpoint_with_step'),
        (CheckpointHook, '_save_best_checkpoint'),
    ):
        original = getattr(owner, name)
        monkeypatch.setattr(owner, name, getattr(original, '__wrapped__', original))  # restores them afterwards
    monkeypatch.setattr(checkpoint_hook, 'open', open, raising=False)


@pytest.fixture
def patched(unpatched):
    compat.keep_checkpoints_until_replaced()


@pytest.fixture
def checkpoint_run(tmp_path):
    """Return a runner whose checkpoints are empty files, and the function that makes the hook of a run."""
    hub = MessageHub('checkpoints of this test')
    hub.runtime_info.clear()

    def save_checkpoint(folder, filename, *args, **kwargs):
        runner.before[filename] = sorted(path.name for path in tmp_path.glob('*.pth'))
        if runner.disk_full:
            raise OSError(errno.ENOSPC, 'no room')
        LocalBackend().put(b'weights', os.path.join(folder, filename))

    runner = SimpleNamespace(
        work_dir=str(tmp_path), message_hub=hub, logger=Mock(), epoch=1, iter=1, before={}, disk_full=False
    )
    runner.save_checkpoint = save_checkpoint

    def make(**settings):
        hook = CheckpointHook(interval=1, **settings)
        hook.before_train(runner)
        return hook

    return runner, make


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_old_checkpoints_are_deleted_after_the_new_one_is_written(tmp_path, patched, checkpoint_run):
    runner, make = checkpoint_run
    hook = make(max_keep_ckpts=1)
    for epoch in (1, 2):
        hook._save_checkpoint_with_step(runner, epoch, {})
    assert runner.before == {'epoch_1.pth': [], 'epoch_2.pth': ['epoch_1.pth']}
    assert names(tmp_path) == ['epoch_2.pth', 'last_checkpoint']
    runner.disk_full = True
    with pytest.raises(OSError):
        hook._save_checkpoint_with_step(runner, 3, {})
    assert names(tmp_path) == ['epoch_2.pth', 'last_checkpoint']
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_2.pth')


def test_the_best_checkpoint_is_deleted_after_a_better_one_is_written(tmp_path, patched, checkpoint_run):
    runner, make = checkpoint_run
    hook = make(save_best='acc', rule='greater')
    for runner.epoch, accuracy in ((1, 50.0), (2, 60.0), (2, 70.0)):  # the last one replaces a file of its own name
        hook.after_val_epoch(runner, dict(acc=accuracy))
    assert runner.before['best_acc_epoch_2.pth'] == ['best_acc_epoch_2.pth']
    assert names(tmp_path) == ['best_acc_epoch_2.pth']


def test_a_validation_without_a_training_saves_nothing(tmp_path, patched, checkpoint_run):
    runner, _ = checkpoint_run
    CheckpointHook(interval=1).after_val_epoch(runner, dict(acc=50.0))
    assert names(tmp_path) == []


def test_an_interrupted_write_of_the_local_backend_leaves_the_old_file(tmp_path, patched, checkpoint_run, monkeypatch):
    (tmp_path / 'a.pth').write_bytes(b'old')

    def fsync(descriptor):
        raise OSError(errno.ENOSPC, 'no room')

    monkeypatch.setattr(os, 'fsync', fsync)
    with pytest.raises(OSError):
        LocalBackend().put(b'new', tmp_path / 'a.pth')
    assert names(tmp_path) == ['a.pth'] and (tmp_path / 'a.pth').read_bytes() == b'old'


def test_mmengine_itself_deletes_the_old_checkpoint_before_it_has_the_new_one(tmp_path, unpatched, checkpoint_run):
    """Once it doesn't, `keep_checkpoints_until_replaced` need not delay deletions."""
    runner, make = checkpoint_run
    hook = make(max_keep_ckpts=1)
    hook._save_checkpoint_with_step(runner, 1, {})
    runner.disk_full = True
    with pytest.raises(OSError):
        hook._save_checkpoint_with_step(runner, 2, {})
    assert runner.before['epoch_2.pth'] == [] and names(tmp_path) == ['last_checkpoint']


def test_mmengine_itself_writes_over_the_old_file(tmp_path, unpatched):
    """Once it writes atomically, `keep_checkpoints_until_replaced` need not."""
    path = tmp_path / 'a.pth'
    path.write_bytes(b'old')
    with path.open('rb') as file:  # an atomic write would leave this file as it is
        LocalBackend().put(b'new', path)
        assert file.read() == b'new'
