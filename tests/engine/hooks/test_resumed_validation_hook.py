"""Learning rates and early stops, which validations decide, in resumed trainings and uninterrupted ones."""

import math

import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.runner._flexible_runner import FlexibleRunner

from mmgb.compat import allow_checkpoint_globals
from mmgb.engine.exact_resuming.validation_state import KEY
from mmgb.engine.hooks import ExactResumeHook

PER_EPOCH, EPOCHS = 3, 12
PLATEAU = dict(type='ReduceOnPlateauLR', monitor='score', rule='greater', factor=0.5, patience=0)
STOPPING = dict(type='EarlyStoppingHook', monitor='score', rule='greater', min_delta=0.0, patience=4)


class Numbers(BaseModel):
    """A weight that moves by the learning rate in each step, and a score that goes up and down with it."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs, mode):
        return dict(loss=self.weight.sum()) if mode == 'loss' else [self.weight.detach()]


class Zeros(torch.utils.data.Dataset):
    def __len__(self):
        return PER_EPOCH

    def __getitem__(self, index):
        return dict(inputs=torch.zeros(1))


class Score(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(math.sin(9 * data_samples[0].item()))

    def compute_metrics(self, results):
        return dict(score=results[0])


class Watch(Hook):
    priority = 'LOWEST'

    def __init__(self):
        self.seen = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.seen.append((runner.iter, runner.optim_wrapper.get_lr()['lr'][0], runner.model.weight.item()))


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    monkeypatch.setattr('time.sleep', lambda _: None)  # mmengine waits 2 s after each epoch of a finite sampler


def train(
    folder,
    by_epoch,
    resume=None,
    interval=1,
    save_best='score',
    validate=True,
    save_every=None,
    stopping=STOPPING,
    flexible=False,
    by_method=False,
):
    """Return (iteration, learning rate, weight) after each step of a training."""
    allow_checkpoint_globals()  # as the tools do, without which mmengine 0.10.7 can't read its checkpoints
    watch, steps = Watch(), PER_EPOCH * EPOCHS
    loader = dict(dataset=Zeros(), num_workers=0, batch_size=1)
    validation = dict(val_dataloader=dict(loader, sampler=dict(type=DefaultSampler)), val_cfg={})
    validation['val_evaluator'] = Evaluator(Score())
    kind = dict(strategy=dict(type='SingleDeviceStrategy')) if flexible else {}
    runner = (FlexibleRunner if flexible else Runner)(
        Numbers(),
        work_dir=str(folder),
        train_dataloader=dict(loader, sampler=dict(type=DefaultSampler if by_epoch else InfiniteSampler)),
        train_cfg=dict(by_epoch=True, max_epochs=EPOCHS, val_interval=interval)
        if by_epoch
        else dict(type='IterBasedTrainLoop', max_iters=steps, val_interval=interval * PER_EPOCH),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.02)),
        param_scheduler=[PLATEAU],
        default_hooks=dict(
            checkpoint=dict(
                type='CheckpointHook',
                by_epoch=by_epoch and not save_every,
                interval=save_every or (1 if by_epoch else PER_EPOCH),
                save_best=save_best,
                rule='greater' if save_best else None,
            ),
            logger=None,
        ),
        custom_hooks=[dict(stopping), watch, ExactResumeHook()],
        randomness=dict(seed=0),
        load_from=resume and not by_method and str(resume) or None,
        resume=bool(resume) and not by_method,
        experiment_name=f'{id(watch)}',
        log_level='ERROR',
        **(validation if validate else {}),
        **kind,
    )
    if by_method:
        runner.resume(str(resume))
    runner.train()
    return watch.seen


@pytest.mark.parametrize('by_epoch', [True, False], ids=['epochs', 'iterations'])
@pytest.mark.parametrize('save_best', ['score', None])
@pytest.mark.parametrize('interval', [1, 2])
def test_rates_and_early_stops_are_those_of_an_uninterrupted_training(by_epoch, save_best, interval, tmp_path):
    whole = train(tmp_path / 'whole', by_epoch, save_best=save_best, interval=interval)
    assert len({rate for _, rate, _ in whole}) > 1  # the plateau lowers it
    checkpoints = sorted((tmp_path / 'whole').glob('[ei]*.pth'))  # the best ones have no state of a training
    assert interval > 1 or (len(whole) < PER_EPOCH * EPOCHS and len(checkpoints) >= 5)  # it stops early
    validated = []
    for path in checkpoints:
        content = torch.load(path, weights_only=False)
        validated.append(content[KEY]['validated'])
        done = content['meta']['iter']
        found = train(tmp_path / path.stem, by_epoch, path, save_best=save_best, interval=interval)
        assert found == whole[done:], path.name
    assert any(validated) == bool(save_best) and not all(validated)  # both kinds of checkpoints are resumed


@pytest.mark.parametrize('priority', ['NORMAL', 'VERY_LOW', 'LOWEST'])
def test_an_early_stop_may_have_any_priority(priority, tmp_path):
    """Before the hook that saves the best checkpoint, it has seen the metric when that checkpoint is written."""
    stopping = dict(STOPPING, priority=priority, min_delta=0.01)
    whole = train(tmp_path / 'whole', True, stopping=stopping)
    assert len(whole) < PER_EPOCH * EPOCHS
    for path in (tmp_path / 'whole').glob('epoch_*.pth'):
        done = torch.load(path, weights_only=False)['meta']['iter']
        assert train(tmp_path / path.stem, True, path, stopping=stopping) == whole[done:], path.name


@pytest.mark.parametrize('by_epoch', [True, False], ids=['epochs', 'iterations'])
@pytest.mark.parametrize('how', [dict(flexible=True), dict(by_method=True)], ids=['FlexibleRunner', 'runner.resume'])
def test_every_way_to_resume_repeats_the_validation(how, by_epoch, tmp_path):
    whole = train(tmp_path / 'whole', by_epoch, flexible='flexible' in how)
    for done in (2, 3, 5):
        path = tmp_path / 'whole' / (f'epoch_{done}.pth' if by_epoch else f'iter_{done * PER_EPOCH}.pth')
        assert train(tmp_path / path.stem, by_epoch, path, **how) == whole[done * PER_EPOCH :], path.name


def test_a_checkpoint_in_the_middle_of_an_epoch_needs_no_validation(tmp_path):
    whole = train(tmp_path / 'whole', True, save_every=1)
    for done in (4, 6, 8):  # 6 is after the last step of an epoch, and before its end
        path = tmp_path / f'whole/iter_{done}.pth'
        assert train(tmp_path / f'from_{done}', True, path) == whole[done:]


def test_a_training_without_validation_is_resumed(tmp_path):
    train(tmp_path / 'whole', True)
    found = train(tmp_path / 'resumed', True, tmp_path / 'whole/epoch_2.pth', save_best=None, validate=False)
    assert [step for step, *_ in found] == list(range(2 * PER_EPOCH, EPOCHS * PER_EPOCH))
