"""dist_train.sh, dist_test.sh and slurm_train.sh, run with two processes on gloo."""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.tiny_runs import make_workspace, run, run_line, succeeded


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp('tiny'))


@pytest.fixture(scope='module')
def runs(workspace):
    """Return {name: Future} of chains of runs; two run at a time, because a run mostly imports the hosts."""
    chains = dict(two_processes=two_process_chain, failing_rank=failing_rank, slurm=slurm)
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(chain, workspace) for name, chain in chains.items()}


def two_process_chain(folder):
    return [
        run_line(folder, line)
        for line in (
            'dist_train.sh seg.py 2 --work-dir dist_run',
            'dist_test.sh seg.py dist_run/iter_2.pth 2 --work-dir dist_test',
            'test.py seg.py dist_run/iter_2.pth --work-dir single_test',
        )
    ]


def failing_rank(folder):
    (folder / 'failing_hook.py').write_text("""
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class FailsOnTheSecondRank(Hook):
    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if get_rank() == 1:
            raise ArithmeticError('the second rank fails')
""")
    (folder / 'failing.py').write_text(
        "_base_ = 'cls.py'\ncustom_hooks = [dict(type='FailsOnTheSecondRank')]\n"
        "custom_imports = dict(imports=['failing_hook'])\n"
    )
    return run(folder, 'dist_train.sh', 'failing.py', 2, '--work-dir', 'failing_run', path=[folder])


def slurm(folder):
    """Run slurm_train.sh with a fake srun that starts the tasks on this machine."""
    (folder / 'bin').mkdir()
    (folder / 'bin/srun').write_text("""#!/usr/bin/env bash
echo "srun $*" >&2
for part in "$@"; do [[ $part == --ntasks=* ]] && export SLURM_NTASKS=${part#*=}; done
while [ "$1" != python ]; do shift; done
export MASTER_ADDR=127.0.0.1
for rank in $(seq 0 $((SLURM_NTASKS - 1))); do SLURM_PROCID=$rank SLURM_LOCALID=$rank "$@" & tasks+=($!); done
for task in "${tasks[@]}"; do wait "$task" || code=$?; done
exit ${code:-0}
""")
    (folder / 'bin/srun').chmod(0o755)
    return run_line(
        folder,
        'slurm_train.sh debug tiny cls.py slurm_run --no-validate',
        PATH=os.pathsep.join([str(folder / 'bin'), str(Path(sys.executable).parent), os.environ['PATH']]),
        GPUS='2',
        GPUS_PER_NODE='2',
        SRUN_ARGS='--gres=none --mem=1G',
        PY_ARGS='--cfg-options train_cfg.max_epochs=2',
    )


@pytest.mark.slow
def test_two_processes_on_gloo_train_with_sync_bn_replaced(runs, workspace):
    train = runs['two_processes'].result()[0]
    output = succeeded(train)
    assert 'SyncBN needs an accelerator: replaced by BN' in output
    assert re.search(r'Distributed training: True', output) and 'GPU number: 2' in output
    assert (workspace / 'dist_run/iter_2.pth').is_file()


@pytest.mark.slow
def test_two_processes_and_one_process_report_the_same_metrics(runs):
    _, *tests = runs['two_processes'].result()
    two, one = (re.findall(r'Iter\(test\).*(aAcc.*mAcc: \S+)', succeeded(test)) for test in tests)
    assert two and two == one


@pytest.mark.slow
def test_a_failing_rank_ends_all_ranks_with_a_non_zero_exit_code(runs):
    process = runs['failing_rank'].result()  # a hanging run would have raised TimeoutExpired
    assert process.returncode != 0
    assert 'ArithmeticError: the second rank fails' in process.stdout


@pytest.mark.slow
def test_slurm_train_starts_tasks_with_srun_that_join_one_process_group(runs, workspace):
    output = succeeded(runs['slurm'].result())
    assert re.search(
        r'srun -p debug --job-name=tiny --gres=gpu:2 --ntasks=2 --ntasks-per-node=2 '
        r'--cpus-per-task=5 --kill-on-bad-exit=1 --gres=none --mem=1G python',
        output,
    )
    assert 'GPU number: 2' in output
    assert (workspace / 'slurm_run/epoch_2.pth').is_file()


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh'])
def test_a_launch_script_with_missing_arguments_prints_its_usage(script, workspace):
    process = run(workspace, script, 'seg.py')
    assert process.returncode == 2 and process.stdout.startswith(f'usage: {script} ')
