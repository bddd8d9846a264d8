import pytest
import torch
from helpers.tiny_runs import run

pytestmark = pytest.mark.slow  # imports the hosts in a new process


def test_the_path_in_this_work_dir_is_printed(tmp_path):
    (tmp_path / 'copy').mkdir()
    torch.save(dict(state_dict={}, meta=dict(iter=1), message_hub={}), tmp_path / 'copy' / 'iter_1.pth')
    (tmp_path / 'copy' / 'last_checkpoint').write_text('/original/iter_1.pth')
    assert run(tmp_path, 'latest_checkpoint.py', 'copy').stdout.splitlines()[-1] == 'copy/iter_1.pth'


def test_a_work_dir_without_checkpoints_is_refused(tmp_path):
    refused = run(tmp_path, 'latest_checkpoint.py', 'absent')
    assert refused.returncode == 2 and "work_dir='absent': expected a training with checkpoints" in refused.stdout
