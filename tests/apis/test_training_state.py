"""A malformed training state ends in one sentence, before it is restored or while it is."""

import copy
import shutil

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset

from mmgb.apis.checkpoint import read_checkpoint
from mmgb.apis.training_state import check_training_state, restore_strictly
from mmgb.functional.errors import ConfigError


class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, inputs, mode='tensor'):
        return {'loss': self.layer(inputs).square().mean()}


class Data(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return {'inputs': torch.ones(2)}


class WithoutSharedDefaults(torch.optim.Optimizer):
    """Gradient descent by an optimizer that lacks the defaults of torch's own, as mmpretrain's LARS, Lamb and Adan."""

    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group['params']:
                parameter -= group['lr'] * parameter.grad


OPTIMIZERS = dict(sgd=dict(type='SGD', lr=0.1, momentum=0.9), adam=dict(type='AdamW', lr=0.1))
OPTIMIZERS['own'] = dict(type=WithoutSharedDefaults, lr=0.1)


def build(work_dir, epochs, optimizer, **top):
    sampler, collate = dict(type='DefaultSampler', shuffle=False), dict(type='default_collate')
    loader = dict(batch_size=2, sampler=sampler, collate_fn=collate, dataset=Data())
    return Runner(
        model=Net(),
        work_dir=str(work_dir),
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=OPTIMIZERS[optimizer]),
        param_scheduler=[dict(type='LinearLR', end=5), dict(type='MultiStepLR', milestones=[3], end=9)],
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2)),
        cfg=Config(top),
        randomness=dict(seed=0),
        experiment_name=f'{work_dir}{epochs}{torch.rand(1)}',
        log_level='ERROR',
    )


@pytest.fixture(scope='module', params=OPTIMIZERS)
def trained(request, tmp_path_factory):
    """Name of the optimizer and checkpoint of a training of two epochs."""
    folder = tmp_path_factory.mktemp('trained')
    build(folder, 2, request.param).train()
    return request.param, folder / 'epoch_2.pth'


def resume(folder, optimizer, checkpoint, **top):
    """Resume a training for one more epoch, with the checks of ``tools/train.py``."""
    path = str(folder / 'x.pth')
    torch.save(checkpoint, path)
    check_training_state(read_checkpoint(path, '--resume'), path, ('optimizer', 'param_schedulers'))
    runner = build(folder, 3, optimizer, **top)
    runner._resume, runner._load_from = True, path
    restore_strictly(runner, path, str(folder))
    runner.train()
    return runner


def places(value, path=()):
    """Yield the path of each entry of nested dicts and lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*path, key)
        yield from places(part, (*path, key))


def replaced(checkpoint, path, value):
    checkpoint = copy.deepcopy(checkpoint)
    node = checkpoint
    for key in path[:-1]:
        node = node[key]
    if value is REMOVED:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return checkpoint


REMOVED = object()
HOSTILE = [REMOVED, None, True, -1, 0.5, float('nan'), 'text', '', [], [1], {}, {'a': 1}, {1: 2}, (), torch.ones(3, 5)]
HOSTILE += [torch.tensor(1.0), b'bytes', [[]], 10**30, HistoryBuffer([1.0], [1])]
RESTORED = {'meta', 'message_hub', 'optimizer', 'param_schedulers'}


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_changed_training_state_trains_on_or_ends_in_one_sentence(trained, tmp_path_factory, data):
    optimizer, path = trained
    checkpoint = read_checkpoint(str(path), 'path')
    changeable = [place for place in places(checkpoint) if place[0] in RESTORED and 'dataset_meta' not in place]
    place = data.draw(st.sampled_from(changeable))
    value = data.draw(st.sampled_from(HOSTILE))
    folder = tmp_path_factory.mktemp('changed')
    try:
        resume(folder, optimizer, replaced(checkpoint, place, value))
    except ConfigError as error:
        assert str(error).startswith(f"--resume='{folder}/x.pth'") and '\n' not in str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize(
    'place, value, said',
    [
        (('meta',), [], 'expected meta to be a dict, got a list'),
        (('meta', 'iter'), 'x', "expected meta.iter to be an integer from 0 to 2147483647, got 'x'"),
        (('meta', 'epoch'), REMOVED, 'expected meta.epoch to be an integer from 0 to 2147483647, got None'),
        (('meta', 'seed'), 'x', "expected meta.seed to be an integer from 0 to 4294967295, got 'x'"),
        (('message_hub',), 5, 'expected message_hub to be a dict with the dicts log_scalars, runtime_info'),
        (('message_hub', 'runtime_info', 'keep_ckpt_ids'), 3, 'message_hub.runtime_info .* got keep_ckpt_ids=3'),
        (('optimizer',), 'x', 'expected optimizer to be a dict, got a str'),
        (('optimizer', 'param_groups', 0, 'lr'), 'x', "expected a number as lr of optimizer.param_groups, got 'x'"),
        (('optimizer', 'param_groups', 0, 'lr'), REMOVED, 'expected optimizer.param_groups with lr, got none'),
        (('optimizer', 'param_groups'), [], "doesn't fit the config or is malformed"),
        (('param_schedulers',), {'a': 1}, 'expected param_schedulers to be a list of dicts'),
        (('param_schedulers', 0, 'last_step'), 'x', "expected a number as last_step of param_schedulers, got 'x'"),
        (('message_hub',), REMOVED, 'lacks message_hub, so there is no training to resume'),
        (('optimizer',), REMOVED, 'lacks optimizer, which would start anew'),
    ],
)
def test_a_malformed_field_is_named(trained, tmp_path, place, value, said):
    optimizer, path = trained
    with pytest.raises(ConfigError, match=f"^--resume='{tmp_path}/x.pth'.*{said}"):
        resume(tmp_path, optimizer, replaced(read_checkpoint(str(path), 'path'), place, value))


def test_a_state_tensor_of_another_shape_is_refused(trained, tmp_path):
    optimizer, path = trained
    if optimizer == 'own':  # which has no state
        return
    name = dict(sgd='momentum_buffer', adam='exp_avg')[optimizer]
    changed = replaced(read_checkpoint(str(path), 'path'), ('optimizer', 'state', 0, name), torch.ones(7))
    with pytest.raises(ConfigError, match=f'expected optimizer.state.{name} with the shape .2, 2. of its parameter'):
        resume(tmp_path, optimizer, changed)


def test_an_unchanged_state_is_restored_exactly(trained, tmp_path):
    optimizer, path = trained
    runner = resume(tmp_path, optimizer, read_checkpoint(str(path), 'path'))
    build(tmp_path / 'whole', 3, optimizer).train()
    assert runner.epoch == 3 and runner.iter == 6
    found, whole = (read_checkpoint(str(folder / 'epoch_3.pth'), 'path') for folder in (tmp_path, tmp_path / 'whole'))
    assert found['param_schedulers'] == whole['param_schedulers']


def test_the_optimizer_and_the_schedules_start_anew_if_the_config_says_so(trained, tmp_path):
    optimizer, path = trained
    checkpoint = replaced(read_checkpoint(str(path), 'path'), ('optimizer', 'param_groups', 0, 'lr'), 7.0)
    checkpoint['param_schedulers'] = []
    runner = resume(tmp_path, optimizer, checkpoint, resume_optimizer=False, resume_param_scheduler=False)
    assert runner.optim_wrapper.param_groups[0]['lr'] < 1


def test_the_config_in_a_checkpoint_is_not_run(trained, tmp_path):
    optimizer, path = trained
    program = f'open({str(tmp_path / "touched")!r}, "w")'
    for place in (('meta', 'config'), ('meta', 'cfg')):
        resume(tmp_path, optimizer, replaced(read_checkpoint(str(path), 'path'), place, program))
    assert not (tmp_path / 'touched').exists()


def test_files_known_to_the_checkpoint_hook_are_looked_for_in_this_work_dir(trained, tmp_path):
    optimizer, path = trained
    checkpoint = read_checkpoint(str(path), 'path')
    checkpoint['message_hub']['runtime_info'].update(best_ckpt='/old/best.pth', best_ckpt_x=None, best_score=1.0)
    info = resume(tmp_path, optimizer, checkpoint).message_hub.runtime_info
    assert info['best_ckpt'] == str(tmp_path / 'best.pth') and info['best_ckpt_x'] is None
