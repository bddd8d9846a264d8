"""CheckInvalidLossHook in mmengine's Runner: its errors, and no references to old scores."""

import gc
import re
import weakref
from pathlib import Path

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner

from mmgb.engine.hooks import CheckInvalidLossHook, GradientStatsHook
from mmgb.functional.errors import ConfigError, DivergenceError
from mmgb.models.losses import ExpGBLoss
from mmgb.registry import MODELS

BREAKS_AT = 3  # first iteration with scores that overflow, counted from 1


class Model(BaseModel):
    """A linear classifier whose scores are ``large`` instead of 1 from iteration ``breaks_at`` on."""

    def __init__(self, breaks_at, large=128.0, loss=None):
        super().__init__()
        self.layer = torch.nn.Linear(2, 3)
        self.loss = MODELS.build(loss) if loss else ExpGBLoss()
        self.large = torch.as_tensor(large)
        self.iteration, self.breaks_at, self.seen = 0, breaks_at, []

    def forward(self, inputs, mode):
        self.iteration += 1
        scores = self.layer(inputs) * 0 + (1.0 if self.iteration < self.breaks_at else self.large)
        self.seen.append(weakref.ref(scores))
        return dict(loss_exp_gb=self.loss(scores, torch.zeros(len(scores), dtype=torch.long)))


def train(tmp_path, breaks_at, model=None, **settings):
    model = model or Model(breaks_at)
    runner = Runner(
        model=model,
        work_dir=str(tmp_path),
        train_dataloader=dict(
            dataset=[torch.ones(2)] * 20,
            batch_size=2,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=lambda inputs: dict(inputs=torch.stack(inputs)),
        ),
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=1),
        default_scope='mmseg',
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.0)),
        experiment_name=tmp_path.name,
        custom_hooks=[dict(type='mmgb.CheckInvalidLossHook', **settings)],
    )
    runner.train()
    return model


def test_the_first_iteration_with_an_infinite_loss_is_named_with_its_largest_score(tmp_path):
    with pytest.raises(
        FloatingPointError,
        match=(
            rf'^iteration {BREAKS_AT}: the loss is not finite \(loss inf, loss_exp_gb inf\); '
            r'loss received scores up to 128; lower the learning rate \(it was 0\) or bound the gradients, by .*, and '
            r'start again, as no checkpoint was written before the loss grew$'
        ),
    ):
        train(tmp_path, BREAKS_AT)


BOUNDED = [
    dict(type='mmgb.ExpGBLoss', max_delta=3.0),
    dict(type='mmgb.Pow3GBLoss', max_delta=3.0),
    dict(type='mmpretrain.CrossEntropyLoss'),
    dict(type='mmseg.CrossEntropyLoss'),
]


@pytest.mark.parametrize('loss', BOUNDED, ids=lambda loss: loss['type'])
def test_scores_beyond_the_integers_of_float32_end_a_training_whose_loss_is_still_finite(tmp_path, loss):
    too_large = torch.tensor(2.0**24).nextafter(torch.tensor(torch.inf))
    assert too_large - 2.0**24 == 2  # so no two scores above the limit differ by 1
    sentence = (
        rf'^iteration {BREAKS_AT}: scores exceed 2\^24, where float32 no longer tells apart two that differ by 1 '
        r'\(loss [^i].*\); loss received scores up to 1\.678e\+07; lower the learning rate \(it was 0\)'
    )
    with pytest.raises(DivergenceError, match=sentence):
        train(tmp_path, BREAKS_AT, Model(BREAKS_AT, too_large, loss))


@pytest.mark.parametrize('scores', [2.0**24, [0.0, -1e9, -3e38], [0.0, 1.0, -torch.inf]], ids=str)
def test_scores_up_to_the_limit_and_masks_of_any_magnitude_are_no_explosion(tmp_path, scores):
    train(tmp_path, BREAKS_AT, Model(BREAKS_AT, scores, dict(type='mmpretrain.CrossEntropyLoss')))


def test_interval_is_the_number_of_iterations_between_checks(tmp_path):
    with pytest.raises(FloatingPointError, match='^iteration 4: '):
        train(tmp_path, BREAKS_AT, interval=4)


def test_a_finite_training_completes_and_keeps_no_scores_alive(tmp_path):
    model = train(tmp_path, 1000)
    gc.collect()
    assert len(model.seen) == 10 and not any(scores() is not None for scores in model.seen)
    assert not model.loss._forward_pre_hooks


@pytest.mark.parametrize('interval', [0, -1, 1.5, float('nan'), float('inf'), True, '2', None, [1]])
@pytest.mark.parametrize('hook', [CheckInvalidLossHook, GradientStatsHook])
def test_an_invalid_interval_is_refused(hook, interval):
    with pytest.raises(
        ConfigError, match=re.escape(f'interval={interval!r}: expected a positive number of iterations')
    ):
        hook(interval=interval)


class Exploding(BaseModel):
    """The losses of ``losses``, one an iteration."""

    def __init__(self, losses):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.losses = iter(losses)

    def forward(self, inputs, mode):
        return dict(loss=self.weight * 0 + next(self.losses))


def explode(folder, losses, checkpoint_interval=1, run=None, **checkpoint):
    """Train on ``losses`` with a checkpoint after each iteration, and return the sentence that ends the training.

    ``run`` has further arguments of the runner.
    """
    runner = Runner(
        model=Exploding(losses),
        work_dir=str(folder),
        train_dataloader=dict(
            dataset=[torch.ones(2)] * 4,
            batch_size=2,
            sampler=dict(type='InfiniteSampler'),
            collate_fn=lambda inputs: dict(inputs=torch.stack(inputs)),
        ),
        train_cfg=dict(type='IterBasedTrainLoop', max_iters=100),
        default_scope='mmseg',
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.25)),
        experiment_name=folder.name,
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=checkpoint_interval, **checkpoint)
        ),
        custom_hooks=[dict(type='mmgb.CheckInvalidLossHook')],
        **(run or {}),
    )
    with pytest.raises(DivergenceError) as caught:
        runner.train()
    return str(caught.value)


@pytest.mark.parametrize(
    'losses, checkpoint_interval, named',
    [
        ([1.0, 0.5, 0.7, 5.0, 90.0, float('inf')], 1, 2),  # iter_2.pth was written before iteration 3 with loss 0.7
        ([1.0, 0.5, 0.7, 0.6, float('nan')], 1, 3),
        ([1.0, 0.5, 0.7, 0.8, 0.9, 3.0, float('-inf')], 2, 4),
        ([-1.0, -2.0, 1.0, 30.0, float('inf')], 1, 2),
    ],
)
def test_the_last_checkpoint_before_the_loss_grew_is_named(tmp_path, losses, checkpoint_interval, named):
    sentence = explode(tmp_path, losses, checkpoint_interval)
    assert sentence.startswith(f'iteration {len(losses)}: the loss is not finite (loss ')
    assert 'lower the learning rate (it was 0.25)' in sentence and len(sentence) <= 500
    path = re.search(r"go on with load_from='(.*)', the last checkpoint written before the loss grew$", sentence)[1]
    assert path.endswith(f'iter_{named}.pth') and Path(path).is_file()


@pytest.mark.parametrize('named', [False, True])
def test_a_resumed_run_that_explodes_at_once_names_the_checkpoint_that_it_resumed(tmp_path, named):
    explode(tmp_path, [1.0, 0.5, float('nan')])
    newest = str(tmp_path / 'iter_2.pth')
    run = dict(resume=True, load_from=newest if named else None)  # without a path mmengine finds it in the folder
    assert f"go on with load_from='{newest}'" in explode(tmp_path, [float('nan')], run=run)


def test_a_run_that_finds_nothing_to_resume_starts_again(tmp_path):
    assert 'start again, as no checkpoint was written' in explode(tmp_path, [float('nan')], run=dict(resume=True))


def test_a_checkpoint_that_was_removed_since_is_not_recommended(tmp_path):
    sentence = explode(tmp_path, [1.0, 0.5, 9.0, 9.0, 9.0, float('nan')], max_keep_ckpts=1)
    assert (
        'and start again: ' in sentence and "iter_1.pth', the last checkpoint before the loss grew, is gone" in sentence
    )
