import pytest
from mmengine.config import Config

from mmgb.apis import work_dir_lock
from mmgb.apis.work_dir_lock import lock_work_dir
from mmgb.utils.process_lock import NAME


def config(folder, launcher='none'):
    return Config(dict(work_dir=str(folder), launcher=launcher))


@pytest.mark.parametrize('launcher, rank, locked', [('none', '1', True), ('pytorch', '0', True), ('slurm', '1', False)])
def test_a_single_process_or_the_first_rank_holds_the_lock(launcher, rank, locked, tmp_path, monkeypatch):
    monkeypatch.setenv('RANK', rank)
    with lock_work_dir(config(tmp_path, launcher)):
        assert (tmp_path / NAME).is_file() == locked
    assert not (tmp_path / NAME).exists()


def test_a_stale_lock_is_logged_and_the_files_its_owner_wrote_in_part_are_deleted(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(work_dir_lock, 'print_log', lambda message, *_: lines.append(message))
    for name in ('iter_2.pth', 'iter_4.pth.12.unfinished'):
        (tmp_path / name).touch()
    with lock_work_dir(config(tmp_path)) as report:
        report()
    assert lines == [] and (tmp_path / 'iter_4.pth.12.unfinished').exists()
    (tmp_path / NAME).write_text('{"host": "a", "pid": 12, "started": "then"}')
    with lock_work_dir(config(tmp_path)) as report:
        report()
    assert lines == [f"'{tmp_path}/{NAME}' is taken over from process 12 on a, started then, which was killed."]
    assert [path.name for path in tmp_path.iterdir()] == ['iter_2.pth']
