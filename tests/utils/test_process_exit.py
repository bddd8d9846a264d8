import subprocess
import sys

import pytest

from mmgb.utils.process_exit import exit_if_distributed, in_process_group

PROGRAM = """
import atexit
from torch import distributed
from mmgb.utils.process_exit import exit_if_distributed
distributed.init_process_group('gloo', init_method='file://{store}', rank=0, world_size=1)
atexit.register(print, 'closed', end='')
exit_if_distributed({code})
print('not reached')
"""


def test_a_process_outside_a_group_goes_on():
    assert not in_process_group()
    exit_if_distributed(1)


@pytest.mark.slow  # two interpreters that import torch
@pytest.mark.parametrize('code, output', [(0, 'closed'), (3, '')])
def test_a_member_of_a_group_exits_and_runs_exit_functions_only_after_success(code, output, tmp_path):
    program = PROGRAM.format(store=tmp_path / 'store', code=code)
    process = subprocess.run([sys.executable, '-W', 'ignore', '-c', program], capture_output=True, text=True)
    assert (process.returncode, process.stdout) == (code, output)
