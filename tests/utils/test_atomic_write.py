import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mmgb.utils.atomic_write import atomic_folder, atomic_write


def test_a_file_appears_under_its_name_only_when_complete(tmp_path: Path):
    path = tmp_path / 'new' / 'file.txt'
    with atomic_write(path) as file:
        file.write('häuser')
        file.flush()
        assert not path.exists()
    assert path.read_text(encoding='utf-8') == 'häuser'
    assert list(path.parent.iterdir()) == [path]


def test_an_error_keeps_the_old_file_and_leaves_nothing_behind(tmp_path: Path):
    path = tmp_path / 'file.bin'
    path.write_bytes(b'old')
    with pytest.raises(KeyError), atomic_write(path, 'wb') as file:
        file.write(b'half of the new')
        raise KeyError
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_under_its_name_only_when_complete(tmp_path: Path):
    path = tmp_path / 'new' / 'folder'
    with atomic_folder(path) as folder:
        (folder / 'a').touch()
        assert not path.exists()
    assert [entry.name for entry in path.iterdir()] == ['a']
    assert list(path.parent.iterdir()) == [path]


def test_an_error_in_a_folder_leaves_nothing_behind(tmp_path: Path):
    with pytest.raises(KeyError), atomic_folder(tmp_path / 'folder') as folder:
        (folder / 'a').touch()
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_folder_left_behind_by_a_killed_process_is_replaced(tmp_path: Path):
    path = tmp_path / 'folder'
    code = (
        'import os, signal, sys; from mmgb.utils.atomic_write import atomic_folder\n'
        'with atomic_folder(sys.argv[1]) as folder:\n'
        '    (folder / "old").touch(); os.kill(os.getpid(), signal.SIGKILL)'
    )
    assert subprocess.run([sys.executable, '-c', code, str(path)]).returncode == -signal.SIGKILL
    assert [entry.name for entry in tmp_path.iterdir()] == ['folder.unfinished']
    with atomic_folder(path) as folder:
        (folder / 'new').touch()
    assert list(tmp_path.iterdir()) == [path] and [entry.name for entry in path.iterdir()] == ['new']
