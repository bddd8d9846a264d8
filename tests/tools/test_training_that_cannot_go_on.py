"""tools/train.py ends with one sentence if an epoch has no batch or no end, or if the loss becomes NaN or infinite."""

import re

import pytest
from helpers.many_runs import run_many
from helpers.tiny_runs import make_workspace

pytestmark = pytest.mark.slow

ENDLESS = "train_dataloader = dict(sampler=dict(_delete_=True, type='{}'))"
# {case: (change of the config, exit code, pattern of the last line)}
CASES = {
    'an endless sampler': (
        ENDLESS.format("mmgb.ClassAwareSampler', infinite=True, empty_classes='drop"),
        2,
        'train.py: error: train_dataloader.sampler=ClassAwareSampler, which never ends: expected one that ends',
    ),
    "mmengine's endless sampler": (
        ENDLESS.format('InfiniteSampler'),
        2,
        'train.py: error: train_dataloader.sampler=InfiniteSampler, which never ends: expected one that ends',
    ),
    'a batch larger than the epoch': (
        'train_dataloader = dict(batch_size=9, drop_last=True)',
        2,
        'train.py: error: train_dataloader.batch_size=9: expected at least one batch per epoch and process, got 4',
    ),
    'an explosion': (
        "custom_hooks = [dict(type='mmgb.CheckInvalidLossHook')]\n"
        "model = dict(head=dict(loss=dict(_delete_=True, type='mmgb.ExpGBLoss')))\n"
        'optim_wrapper = dict(optimizer=dict(lr=50.0))\ntrain_cfg = dict(max_epochs=20)',
        1,
        r'FloatingPointError: iteration \d+: (the loss is not|scores exceed) .*; lower the learning rate \(it was 50\)',
    ),
}


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Run all cases in one process and return {case: (exit code, output)}."""
    folder = make_workspace(tmp_path_factory.mktemp('runs'))
    commands = {}
    for index, (case, (change, *_)) in enumerate(CASES.items()):
        (folder / f'case{index}.py').write_text(f"_base_ = './cls.py'\n{change}\n")
        commands[case] = ['train.py', f'case{index}.py', '--work-dir', f'case{index}']
    return run_many(folder, commands)


@pytest.mark.parametrize('case', CASES)
def test_the_last_line_says_what_to_change_and_there_is_no_traceback(case, runs):
    code, output = runs[case]
    _, expected, pattern = CASES[case]
    assert code == expected, output
    assert re.match(pattern, output.splitlines()[-1]), output
    assert 'Traceback' not in output
