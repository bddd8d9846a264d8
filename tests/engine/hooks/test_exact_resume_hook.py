"""Trainings in this process: interrupted and resumed ones against uninterrupted ones, by what a step sees and does."""

import random

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler, pseudo_collate
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.hooks import EMAHook, Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from mmgb.compat import allow_checkpoint_globals
from mmgb.datasets.samplers import ClassAwareSampler
from mmgb.engine.hooks import ExactResumeHook

SAMPLES, BATCH, STEPS = 14, 4, 12  # 4 batches an epoch, the last one smaller
SAMPLERS = {
    'shuffled': dict(type=DefaultSampler),
    'endless': dict(type=InfiniteSampler),
    'class-aware': dict(type=ClassAwareSampler),
    'class-aware endless': dict(type=ClassAwareSampler, infinite=True),
}


class Noisy:
    """Samples with a draw of each generator."""

    def __len__(self):
        return SAMPLES

    def get_gt_labels(self):
        return [0] * 4 + [1] * 10

    def __getitem__(self, index):
        return dict(inputs=torch.tensor([index, random.random(), np.random.rand(), torch.rand(()).item()]))


class Dropout(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1, bias=False)
        torch.nn.init.ones_(self.layer.weight)

    def forward(self, inputs, mode):
        inputs = torch.stack(inputs)
        if mode == 'loss':
            return dict(loss=self.layer(torch.nn.functional.dropout(inputs) + np.random.rand() + random.random()).std())
        return [inputs.sum() + torch.rand(()) + np.random.rand()]


class Draws(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += [sample.item() for sample in data_samples]

    def compute_metrics(self, results):
        return dict(sum=sum(results) + random.random())


class Watch(Hook):
    priority = 'LOWEST'

    def __init__(self, averaging):
        self.averaging, self.seen, self.validations = averaging, [], []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        models = runner.model, self.averaging.ema_model.module
        weights = [model.layer.weight.detach().numpy().tobytes() for model in models]
        inputs = [sample.numpy().tobytes() for sample in data_batch['inputs']]
        self.seen.append((runner.iter, batch_idx, outputs['loss'].item(), inputs, weights))

    def after_val_epoch(self, runner, metrics=None):
        self.validations.append((runner.iter, metrics['sum']))


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch):
    monkeypatch.setattr('time.sleep', lambda _: None)  # mmengine waits 2 s after each epoch of a finite sampler


def train(folder, sampler, endless=False, resume=None, workers=0, validate=False, exact=True):
    """Return (iteration, index of the batch, loss, batch, weights and their average) of each step of a training.

    With ``validate`` return (iteration, metric) of each validation, too.
    """
    allow_checkpoint_globals()  # as the tools do, without which mmengine 0.10.7 can't read its checkpoints
    averaging = EMAHook(momentum=0.3)
    watch = Watch(averaging)
    loader = dict(dataset=Noisy(), num_workers=workers, persistent_workers=workers > 0)
    steps = dict(type='IterBasedTrainLoop', max_iters=STEPS, val_interval=3)
    runner = Runner(
        Dropout(),
        work_dir=str(folder),
        train_dataloader=shuffled_by_torch(sampler)
        if 'torch' in sampler
        else dict(loader, batch_size=BATCH, sampler=SAMPLERS[sampler]),
        train_cfg=steps if endless else dict(by_epoch=True, max_epochs=STEPS // 4, val_interval=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        val_dataloader=dict(loader, batch_size=3, sampler=dict(type=DefaultSampler)) if validate else None,
        val_cfg=dict() if validate else None,
        val_evaluator=Evaluator(Draws()) if validate else None,
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1), logger=None),
        custom_hooks=[averaging, watch, *([ExactResumeHook()] if exact else [])],
        randomness=dict(seed=3),
        load_from=resume,
        resume=bool(resume),
        experiment_name=f'{id(watch)}',
        log_level='ERROR',
    )
    runner.train()
    return (watch.seen, watch.validations) if validate else watch.seen


def shuffled_by_torch(sampler):
    generator = torch.Generator().manual_seed(5) if 'generator' in sampler else None
    return DataLoader(Noisy(), BATCH, shuffle=True, generator=generator, collate_fn=pseudo_collate)


@pytest.mark.parametrize(
    ('sampler', 'endless'),
    [
        ('shuffled', False),
        ('class-aware', False),
        ('torch', False),
        ('torch, its own generator', False),
        ('shuffled', True),
        ('endless', True),
        ('class-aware endless', True),
        ('torch', True),
        ('torch, its own generator', True),
    ],
)
def test_a_training_resumed_at_any_step_equals_an_uninterrupted_one(sampler, endless, tmp_path):
    whole = train(tmp_path / 'whole', sampler, endless)
    assert [step[0] for step in whole] == list(range(STEPS))
    for done in (2, 4, 7, 12):
        path = tmp_path / f'whole/iter_{done}.pth'
        assert train(tmp_path / f'from_{done}', sampler, endless, str(path)) == whole[done:]


def test_without_the_hook_a_resumed_training_differs_and_the_hook_says_so(tmp_path, caplog):
    train(tmp_path / 'whole', 'endless', True, exact=False)
    path = str(tmp_path / 'whole/iter_8.pth')
    _, *expected = zip(*train(tmp_path / 'again', 'endless', True)[8:])
    _, *resumed = zip(*train(tmp_path / 'resumed', 'endless', True, path, exact=False))
    assert resumed[1] != expected[1]
    warned = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmgb.engine.hooks.exact_resume_hook.print_log', lambda message, *_: warned.append(message))
        train(tmp_path / 'late', 'endless', True, path)
    assert len(warned) == 1 and "no 'exact_resume'" in warned[0] and 'dropout masks' in warned[0]


@pytest.mark.parametrize(('sampler', 'endless'), [('shuffled', False), ('class-aware endless', True)])
def test_neither_workers_nor_validation_change_a_step(sampler, endless, tmp_path):
    expected = train(tmp_path / 'plain', sampler, endless)
    found, validations = train(tmp_path / 'validated', sampler, endless, validate=True)
    assert found == expected and len({metric for _, metric in validations}) == len(validations) > 2
    assert train(tmp_path / '1', sampler, endless, workers=1) == expected
    assert train(tmp_path / '2', sampler, endless, workers=2, validate=True) == (expected, validations)


@pytest.mark.parametrize('workers', [0, 1])
@pytest.mark.parametrize(('sampler', 'endless'), [('shuffled', False), ('class-aware endless', True)])
def test_the_draws_of_validations_are_those_of_an_uninterrupted_training(sampler, endless, workers, tmp_path):
    options = dict(endless=endless, workers=workers, validate=True)
    whole, validations = train(tmp_path / 'whole', sampler, **options)
    for done in (2, 4, 6, 12):
        path = str(tmp_path / f'whole/iter_{done}.pth')
        found = train(tmp_path / f'from_{done}', sampler, resume=path, **options)
        assert found == (whole[done:], [step for step in validations if step[0] >= done])
