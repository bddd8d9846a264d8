"""Learning rates of trainings that are resumed with another length or other settings."""

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner

from mmgb.apis.training_state import restore_strictly
from mmgb.compat import allow_checkpoint_globals

PER_EPOCH = 3
CONTINUED = {
    'MultiStepLR': dict(milestones=[1, 2, 4], gamma=0.5),
    'StepLR': dict(step_size=2, gamma=0.5),
    'ExponentialLR': dict(gamma=0.9),
}
FITTED = {'CosineAnnealingLR': 'T_max', 'PolyLR': 'total_iters'}  # the setting that follows the length of the training


class Slope(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs, mode):
        return dict(loss=self.weight.sum())


class Rates(Hook):
    def __init__(self):
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.seen.append((runner.iter, runner.optim_wrapper.get_lr()['lr'][0]))


def train(folder, epochs, schedules, resume=None, by_epoch=True):
    """Return (iteration, learning rate) of each step."""
    allow_checkpoint_globals()
    rates = Rates()
    runner = Runner(
        Slope(),
        work_dir=str(folder),
        train_dataloader=dict(
            dataset=[dict(inputs=torch.zeros(1))] * PER_EPOCH,
            sampler=dict(type='DefaultSampler' if by_epoch else 'InfiniteSampler'),
            batch_size=1,
        ),
        train_cfg=dict(by_epoch=True, max_epochs=epochs)
        if by_epoch
        else dict(type='IterBasedTrainLoop', max_iters=epochs * PER_EPOCH),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=1.0)),
        param_scheduler=schedules,
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', by_epoch=by_epoch, interval=1 if by_epoch else PER_EPOCH),
            logger=None,
        ),
        custom_hooks=[rates],
        load_from=resume,
        resume=bool(resume),
        cfg=Config({}),
        randomness=dict(seed=0),
        experiment_name=f'{id(rates)}',
        log_level='ERROR',
    )
    if resume:
        restore_strictly(runner, resume, str(folder))
    runner.train()
    return rates.seen


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    monkeypatch.setattr('time.sleep', lambda _: None)  # mmengine waits 2 s after each epoch of a finite sampler


@pytest.fixture
def logged(monkeypatch):
    lines = []
    monkeypatch.setattr('mmgb.apis.resumed_schedules.print_log', lambda message, *_: lines.append(message))
    return lines


@pytest.mark.parametrize('by', ['epoch', 'converted', 'iteration'])
@pytest.mark.parametrize('kind', CONTINUED)
@pytest.mark.parametrize('done', [1, 2])
def test_a_training_resumed_for_more_epochs_has_the_rates_of_a_longer_one(kind, by, done, tmp_path, logged):
    schedule = dict(type=kind, by_epoch=by != 'iteration', convert_to_iter_based=by == 'converted', **CONTINUED[kind])
    warm_up = dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=2)
    by_epoch = by != 'iteration'
    whole = train(tmp_path / 'whole', 5, [dict(warm_up), dict(schedule)], by_epoch=by_epoch)
    train(
        tmp_path / 'short',
        2,
        [dict(warm_up), dict(schedule, end=2 * (1 if by_epoch else PER_EPOCH))],
        by_epoch=by_epoch,
    )
    path = str(tmp_path / 'short' / (f'epoch_{done}.pth' if by_epoch else f'iter_{done * PER_EPOCH}.pth'))
    found = train(tmp_path / 'longer', 5, [dict(warm_up), dict(schedule)], path, by_epoch)
    assert found == whole[done * PER_EPOCH :] and logged == []


@pytest.mark.parametrize('kind', FITTED)
def test_a_schedule_that_is_fitted_to_the_length_is_kept_and_named(kind, tmp_path, logged):
    train(tmp_path / 'short', 2, [dict(type=kind)])
    found = train(tmp_path / 'longer', 4, [dict(type=kind)], str(tmp_path / 'short/epoch_2.pth'))
    assert len({rate for _, rate in found}) == 1  # it has ended
    (line,) = logged
    assert f'settings of {kind}' in line and 'end=2' in line and 'end=4' in line and FITTED[kind] in line


def test_another_setting_is_named_and_an_unchanged_schedule_is_not(tmp_path, logged):
    schedule = dict(type='MultiStepLR', milestones=[1, 3])
    whole = train(tmp_path / 'whole', 4, [dict(schedule)])
    path = str(tmp_path / 'whole/epoch_2.pth')
    assert train(tmp_path / 'again', 4, [dict(schedule)], path) == whole[2 * PER_EPOCH :] and logged == []
    train(tmp_path / 'other', 4, [dict(schedule, gamma=0.5)], path)
    (line,) = logged
    assert "settings of MultiStepLR, gamma=0.1, are used instead of the config's, gamma=0.5" in line
