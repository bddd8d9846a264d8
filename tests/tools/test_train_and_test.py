"""tools/train.py, tools/test.py and the launch scripts, run on tiny configs of both hosts."""

import json
import os
import pickle
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.many_runs import run_many
from helpers.tiny_runs import make_workspace, run, succeeded
from PIL import Image


@pytest.fixture(scope='module')
def workspace(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp('tiny'))


@pytest.fixture(scope='module')
def runs(workspace):
    """Return {name: Future} of chains of runs; two run at a time, because a run mostly imports the hosts."""
    chains = dict(
        segmentation=segmentation_chain,
        classification=classification_chain,
        two_processes=two_process_chain,
        failing_rank=failing_rank,
        slurm=slurm,
        refused=refusals,
    )
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(chain, workspace) for name, chain in chains.items()}


# ---------------------------------------------------------------------------------------------- one process


def segmentation_chain(folder):
    train = run(folder, 'train.py', 'seg.py', '--work-dir', 'seg_run', '--resume', '--no-validate')
    resume = run(
        folder,
        'train.py',
        'seg.py',
        '--work-dir',
        'seg_run',
        '--resume',
        '--cfg-options',
        'train_cfg.max_iters=4',
        'train_cfg.val_interval=4',
    )
    test = run(
        folder,
        'test.py',
        'seg.py',
        'seg_run/iter_4.pth',
        '--work-dir',
        'seg_test',
        '--tta',
        '--show-dir',
        'pictures',
        '--out',
        'labels',
    )
    return train, resume, test


def classification_chain(folder):
    train = run(folder, 'train.py', 'cls.py', '--work-dir', 'cls_run')
    resume = run(
        folder,
        'train.py',
        'cls.py',
        '--work-dir',
        'cls_run',
        '--resume',
        'cls_run/epoch_1.pth',
        '--no-validate',
        '--cfg-options',
        'train_cfg.max_epochs=2',
    )
    test = run(folder, 'test.py', 'cls.py', 'cls_run/epoch_2.pth', '--tta', '--out', 'scores.pkl')
    draw = run(
        folder,
        'test.py',
        'cls.py',
        'cls_run/epoch_2.pth',
        '--show-dir',
        'cls_pictures',
        '--interval',
        3,
        '--out',
        'metrics.json',
        '--out-item',
        'metrics',
    )
    return train, resume, test, draw


@pytest.mark.slow
def test_mmseg_trains_afresh_and_logs_it_if_there_is_nothing_to_resume(runs, workspace):
    train, _, _ = runs['segmentation'].result()
    output = succeeded(train)
    assert 'Nothing to resume in seg_run: training starts afresh.' in output
    assert re.search(r'Iter\(train\) \[2/2\].* loss: \d', output)


@pytest.mark.slow
def test_no_validate_skips_validation(runs):
    segmentation, classification = runs['segmentation'].result(), runs['classification'].result()
    assert '(val)' not in succeeded(segmentation[0]) and '(val)' in succeeded(segmentation[1])
    assert '(val)' in succeeded(classification[0]) and '(val)' not in succeeded(classification[1])


@pytest.mark.slow
def test_resume_continues_from_the_latest_or_the_named_checkpoint(runs, workspace):
    succeeded(runs['segmentation'].result()[1])
    succeeded(runs['classification'].result()[1])
    for path, steps in (('seg_run/iter_4.pth', 4), ('cls_run/epoch_2.pth', 4)):
        checkpoint = torch.load(workspace / path, weights_only=False)
        assert checkpoint['meta']['iter'] == steps
        # The loss of every step since the start, including the steps before the interruption.
        assert len(checkpoint['message_hub']['log_scalars']['train/loss'].data[0]) == steps


@pytest.mark.slow
def test_mmseg_tta_reports_miou_and_writes_pictures_and_labels(runs, workspace):
    output = succeeded(runs['segmentation'].result()[2])
    assert re.search(r'Iter\(test\) \[4/4\] .*mIoU: \d', output)
    assert len(list((workspace / 'pictures').rglob('*.png'))) == 4
    for index in range(4):
        label = np.asarray(Image.open(workspace / f'labels/{index}.png'))
        assert label.shape == (32, 32) and label.max() <= 2


@pytest.mark.slow
def test_mmpretrain_tta_averages_the_scores_of_an_image_and_its_horizontal_flip(runs, workspace):
    succeeded(runs['classification'].result()[2])
    with open(workspace / 'scores.pkl', 'rb') as file:
        results = pickle.load(file)
    weights = torch.load(workspace / 'cls_run/epoch_2.pth', weights_only=False)['state_dict']

    def scores(image):  # LeNet-5 written out
        def layer(name):
            return weights[f'backbone.{name}.weight'], weights[f'backbone.{name}.bias']

        x = torch.as_tensor(image)[None, None]
        for index in (0, 3):
            x = torch.nn.functional.avg_pool2d(torch.conv2d(x, *layer(f'features.{index}')).tanh(), 2)
        x = torch.conv2d(x, *layer('features.6')).tanh().flatten(1)
        x = torch.nn.functional.linear(x, *layer('classifier.0')).tanh()
        return torch.nn.functional.linear(x, *layer('classifier.2')).softmax(1)[0]

    for result in results:
        image = (np.asarray(Image.open(workspace / result['img_path']), dtype=np.float32) - 127) / 60
        expected = (scores(image) + scores(image[:, ::-1].copy())) / 2
        torch.testing.assert_close(result['pred_score'], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_mmpretrain_draws_every_nth_image_and_writes_the_metrics(runs, workspace):
    output = succeeded(runs['classification'].result()[3])
    metrics = json.loads((workspace / 'metrics.json').read_text())
    assert f'accuracy/top1: {metrics["accuracy/top1"]:.4f}' in output
    assert len(list((workspace / 'cls_pictures').glob('*.png'))) == 2  # the first and the fourth of four images


# ------------------------------------------------------------------------------------------- two processes


def two_process_chain(folder):
    train = run(folder, 'dist_train.sh', 'seg.py', 2, '--work-dir', 'dist_run')
    tests = [
        run(folder, 'dist_test.sh', 'seg.py', 'dist_run/iter_2.pth', 2, '--work-dir', 'dist_test'),
        run(folder, 'test.py', 'seg.py', 'dist_run/iter_2.pth', '--work-dir', 'single_test'),
    ]
    return train, *tests


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
    path = os.pathsep.join([str(folder / 'bin'), str(Path(sys.executable).parent), os.environ['PATH']])
    return run(
        folder,
        'slurm_train.sh',
        'debug',
        'tiny',
        'cls.py',
        'slurm_run',
        '--no-validate',
        PATH=path,
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


# ----------------------------------------------------------------------------------------------- invalid input

WRONG_WEIGHTS = {'decode_head.conv_seg.weight': torch.zeros(5, 4, 1, 1), 'auxiliaries.0.weight': torch.zeros(1)}
TRAINING = {'meta': {'epoch': 0, 'iter': 2}, 'message_hub': {}}


class Payload:
    """An object whose pickle creates a file when it is fully unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


# name: (command line, expected part of the message)
BAD_INPUT = {
    'no config': ('train.py nowhere.py', "config='nowhere.py' is not a file"),
    'syntax error': ('train.py broken.py', "config='broken.py' can't be read: SyntaxError"),
    'undefined name': ('train.py undefined.py', "can't be read: NameError: name 'nothing' is not defined"),
    'no base': ('train.py baseless.py', "config='baseless.py' can't be read: FileNotFoundError"),
    'config without a field': ('test.py half.py x.pth', "config='half.py' lacks test_dataloader, test_cfg"),
    'option without a value': ('train.py seg.py --cfg-options lr', 'expected KEY=VALUE pairs'),
    'option with an open bracket': ('train.py seg.py --cfg-options load=[1,2', 'VALUE is a number, a word or a list'),
    'option with a dict in a list': (
        'train.py seg.py --cfg-options hooks=[dict(type=x,y=1)]',
        'for a dict write KEY.SUBKEY=VALUE',
    ),
    'option beyond a list': (
        'train.py seg.py --cfg-options load.7.type=x',
        "expected an index from 0 to 1 into the list 'load', got '7'",
    ),
    'option into a number': (
        'train.py seg.py --cfg-options train_cfg.max_iters.x=1',
        "'train_cfg.max_iters' is 2, without entry 'x'",
    ),
    'unknown class': (
        'train.py seg.py --cfg-options model.backbone.type=NoSuchNet',
        "config='seg.py' can't be built: KeyError: NoSuchNet is not in the mmseg::model",
    ),
    'unusable argument': (
        'train.py seg.py --cfg-options model.decode_head.num_convs=-1',
        "config='seg.py' can't be built: AssertionError",
    ),
    'no data': (
        'train.py seg.py --cfg-options val_dataloader.dataset.data_root=nowhere',
        "val_dataloader.dataset.data_root='nowhere' does not exist",
    ),
    'no wrapped data': (
        'train.py wrapped.py',
        "train_dataloader.dataset.dataset.datasets.1.data_root='nowhere' does not exist",
    ),
    'no data to test on': (
        'test.py cls.py x.pth --cfg-options test_dataloader.dataset.data_root=nowhere',
        '--cfg-options test_dataloader.dataset.data_root=…',
    ),
    'no image folder': (
        'train.py seg.py --cfg-options train_dataloader.dataset.data_prefix.img_path=nowhere',
        "config='seg.py' can't be built: FileNotFoundError",
    ),
    'amp on a CPU': ('train.py cls.py --amp', '--amp'),
    'no base batch size': ('train.py cls.py --auto-scale-lr', 'needs auto_scale_lr=dict(base_batch_size=…)'),
    'nothing launched': ('train.py cls.py --launcher pytorch', 'expected the environment variable RANK'),
    'no checkpoint to resume': ('train.py seg.py --resume nowhere.pth', "--resume='nowhere.pth' is not a file"),
    'latest checkpoint gone': ('train.py seg.py --resume --work-dir moved', "--resume='old/iter_2.pth' is not"),
    'weights to resume': ('train.py seg.py --resume weights.pth', "--resume='weights.pth' lacks message_hub, meta"),
    'another net to resume': (
        'train.py seg.py --resume wrong.pth --work-dir refused',
        "does not fit the config's model",
    ),
    'another net to resume by itself': ('train.py seg.py --resume --work-dir wrong', "does not fit the config's model"),
    'no weights to start from': ('train.py seg.py --cfg-options load_from=nowhere.pth', "load_from='nowhere.pth'"),
    'no checkpoint': ('test.py seg.py nowhere.pth', "checkpoint='nowhere.pth' is not a file"),
    'damaged checkpoint': ('test.py seg.py damaged.pth', "checkpoint='damaged.pth' can't be read as a checkpoint"),
    'no dictionary': (
        'test.py seg.py list.pth',
        "checkpoint='list.pth': expected a checkpoint with a dict",
    ),
    'weights that run code': (
        'train.py seg.py --cfg-options load_from=payload.pth --work-dir refused',
        'a checkpoint is refused: reading it could run code',
    ),
    'pretrained weights that run code': (
        'train.py seg.py --cfg-options model.backbone.init_cfg.type=Pretrained '
        'model.backbone.init_cfg.checkpoint=payload.pth --work-dir refused',
        'a checkpoint is refused: reading it could run code',
    ),
    'checkpoint that runs code': ('test.py seg.py payload.pth', "checkpoint='payload.pth' is refused"),
    'another net': (
        'test.py seg.py wrong.pth --work-dir refused',
        '1 unexpected (first auxiliaries.0.weight), 1 of another shape '
        '(first decode_head.conv_seg.weight: expected (3, 4, 1, 1), got (5, 4, 1, 1))',
    ),
    'another net under tta': (
        'test.py seg.py wrong.pth --tta --work-dir refused',
        'keys are missing (first backbone.encoder.0.0.convs.0.conv.weight)',
    ),
    'tta without a pipeline': (
        'test.py half.py x.pth --tta --cfg-options test_dataloader.dataset.type=X '
        'test_cfg.type=TestLoop test_evaluator.type=IoUMetric',
        '--tta needs tta_model and',
    ),
    'tta with pictures': ('test.py cls.py x.pth --tta --show-dir x', '--tta cannot be combined with --show'),
    'pictures without a hook': (
        'test.py seg.py x.pth --show-dir x --cfg-options default_hooks.visualization=None',
        "default_hooks.visualization=dict(type='SegVisualizationHook')",
    ),
    'item of nothing': ('test.py cls.py x.pth --out-item metrics', "--out-item='metrics' needs --out"),
    'item of mmseg': ('test.py seg.py x.pth --out x --out-item metrics', "--out-item='metrics' is for mmpretrain"),
    'ending': (
        'test.py cls.py x.pth --out scores.txt',
        "--out='scores.txt': expected a file name that ends with .pkl",
    ),
}


def refusals(folder):
    """Return {name: (exit code, output)} of every command line of BAD_INPUT."""
    (folder / 'broken.py').write_text('model = dict(')
    (folder / 'undefined.py').write_text('model = nothing')
    (folder / 'baseless.py').write_text("_base_ = 'nowhere.py'")
    (folder / 'half.py').write_text("default_scope = 'mmseg'\nmodel = dict(type='EncoderDecoder')")
    (folder / 'wrapped.py').write_text("""
_base_ = 'seg.py'
part = dict(type='BaseSegDataset', data_root='seg')
train_dataloader = dict(dataset=dict(_delete_=True, type='RepeatDataset', times=2, dataset=dict(
    type='ConcatDataset', datasets=[part, dict(type='BaseSegDataset', data_root='nowhere')])))
""")
    torch.save({'state_dict': WRONG_WEIGHTS}, folder / 'weights.pth')
    torch.save({'state_dict': WRONG_WEIGHTS, **TRAINING}, folder / 'wrong.pth')
    torch.save({'state_dict': {}, 'payload': Payload(folder / 'touched')}, folder / 'payload.pth')
    torch.save([1], folder / 'list.pth')
    (folder / 'damaged.pth').write_bytes((folder / 'wrong.pth').read_bytes()[:-200])
    for work_dir, checkpoint in (('moved', 'old/iter_2.pth'), ('wrong', 'wrong.pth')):
        (folder / work_dir).mkdir()
        (folder / work_dir / 'last_checkpoint').write_text(checkpoint)
    return run_many(folder, {name: line.split() for name, (line, _) in BAD_INPUT.items()})


@pytest.mark.slow
@pytest.mark.parametrize('name', BAD_INPUT)
def test_invalid_input_ends_with_one_sentence_and_exit_code_2(name, runs):
    line, expected = BAD_INPUT[name]
    code, output = runs['refused'].result()[name]
    errors = [shown for shown in output.splitlines() if ': error: ' in shown]
    assert code == 2, output
    assert len(errors) == 1 and errors[0] == output.splitlines()[-1], output
    assert errors[0].startswith(f'{line.split()[0]}: error: ') and expected in errors[0]
    assert 'Traceback' not in output and '(train)' not in output


@pytest.mark.slow
def test_reading_a_refused_checkpoint_runs_no_code(runs, workspace):
    runs['refused'].result()
    assert not (workspace / 'touched').exists()
    torch.load(workspace / 'payload.pth', weights_only=False)
    assert (workspace / 'touched').exists()  # full unpickling does


@pytest.mark.parametrize('script', ['dist_train.sh', 'dist_test.sh', 'slurm_train.sh'])
def test_a_launch_script_with_missing_arguments_prints_its_usage(script, workspace):
    process = run(workspace, script, 'seg.py')
    assert process.returncode == 2 and process.stdout.startswith(f'usage: {script} ')
