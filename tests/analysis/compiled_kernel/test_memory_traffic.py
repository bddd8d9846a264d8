"""The interpreter counts what the kernel moves. It runs in its own process, as Triton's mode is chosen at import."""

import os
import subprocess
import sys

import pytest

COUNTED = """
import torch
from mmgb.analysis.compiled_kernel.memory_traffic import count_traffic
from mmgb.functional.losses.kernels.triton_kernel import prepare_launch
from mmgb.functional.losses.pow3_gb import Pow3GB

scores, labels = torch.zeros(2, 1024, dtype=torch.float16), torch.zeros(2, dtype=torch.int64)
for gradient in (False, True):
    launch = prepare_launch(Pow3GB(0.001, 0.4, (0., 10.)), scores, labels, torch.ones(()).expand(2), torch.ones(()),
                            per_sample=False, want_loss=not gradient, want_gradient=gradient)
    found = count_traffic(launch, 1)
    print(found.read, found.written)
"""


@pytest.mark.slow
def test_a_program_of_one_sample_moves_its_scores_and_a_sector_for_each_other_number():
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', COUNTED],
        capture_output=True,
        text=True,
        env=os.environ | {'TRITON_INTERPRET': '1'},
    )
    assert run.returncode == 0, run.stderr
    forward, backward = ([float(number) for number in line.split()] for line in run.stdout.splitlines())
    two_rows, sector, programs = 2 * 1024 * 2, 32, 2
    for read in (forward[0], backward[0]):  # label, weight and scale; two of them may share a sector
        assert two_rows + programs * sector <= read <= two_rows + programs * 3 * sector
    assert forward[1] == programs * sector  # one partial sum each
    assert backward[1] == two_rows
