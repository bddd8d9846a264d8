"""gpu.sh without a GPU: its commands name what exists, and a failed step is repeated by the next call."""

import functools
import os
import re
import shutil
import subprocess

import pytest
from helpers.tiny_runs import TOOLS
from mmengine.config import Config

ROOT = TOOLS.parent
SCRIPT = TOOLS / 'benchmarks/gpu.sh'
STUB = """#!{bash}
echo "$*" >> {calls}
echo '| a table |'
case "$*" in *{failing}*) exit 1;; esac
"""


def run(*arguments, **environment):
    return subprocess.run(
        ['bash', SCRIPT, *arguments], capture_output=True, text=True, env=os.environ | environment, cwd='/'
    )


def test_the_commands_name_existing_files_and_entries_of_configs():
    done = run('--dry-run', GPUS='2')
    assert done.returncode == 0 and not done.stderr
    commands = [line.split() for line in done.stdout.splitlines()]
    read = functools.cache(Config.fromfile)
    assert len(commands) == 6 + 9 * 2
    for words in commands:
        repository = [word for word in words if re.match('(configs|tests|tools)/', word)]
        assert repository and all((ROOT / path).exists() for path in repository)
        if '--cfg-options' in words:
            (config,) = [path for path in repository if path.startswith('configs/')]
            for override in words[words.index('--cfg-options') + 1 :]:
                node = read(ROOT / config)
                for part in override.partition('=')[0].split('.'):
                    node = node[part]
    trained = [words for words in commands if 'train.' in ' '.join(words[:2]) or 'dist_train.sh' in words[1]]
    assert sum('--amp' in words for words in trained) == 3
    assert sum(words[:2] == ['bash', 'tools/dist_train.sh'] and words[3] == '2' for words in trained) == 3


@pytest.fixture
def stubs(tmp_path):
    """Return a function that puts stubs in place of the programs; commands with a word in them fail."""

    def make(failing):
        (tmp_path / 'bin').mkdir(exist_ok=True)
        for name in ('python', 'nvidia-smi', 'bash'):
            stub = tmp_path / 'bin' / name
            stub.write_text(
                STUB.format(bash=shutil.which('bash'), calls=tmp_path / f'{failing}.calls', failing=failing)
            )
            stub.chmod(0o755)
        return dict(
            PATH=f'{tmp_path / "bin"}:{os.environ["PATH"]}',
            GPUS='2',
            OUT=str(tmp_path / 'out'),
            WORK=str(tmp_path / 'work'),
        )

    return make


def test_a_failed_step_is_named_and_repeated_alone(tmp_path, stubs):
    bash = shutil.which('bash')

    def call(failing):
        return subprocess.run([bash, SCRIPT], capture_output=True, text=True, env=os.environ | stubs(failing))

    first, second = call('benchmarks/relay'), call('nothing')
    assert first.returncode == 1 and first.stderr.splitlines()[-1] == 'failed: relay'
    assert second.returncode == 0 and not second.stderr
    calls = (tmp_path / 'nothing.calls').read_text().splitlines()
    assert [line.split()[0] for line in calls] == [
        'tools/benchmarks/relay.py',
        '--query-gpu=name,driver_version,memory.total',
    ]
    assert (tmp_path / 'out/tables.md').read_text().count('| a table |') == 6


def test_without_a_gpu_nothing_is_run(tmp_path):
    (tmp_path / 'python').write_text(f'#!{shutil.which("bash")}\necho 0\n')  # torch.cuda.device_count()
    (tmp_path / 'python').chmod(0o755)
    folders = dict(OUT=str(tmp_path / 'out'), WORK=str(tmp_path / 'work'))
    done = run(PATH=f'{tmp_path}:{os.environ["PATH"]}', **folders)
    assert done.returncode == 1 and 'has no GPU that torch can use' in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ['python']
