"""CheckInvalidLossHook in mmengine's Runner: its error, and no references to old scores."""

import gc
import weakref

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner

from mmgb.models.losses import ExpGBLoss

BREAKS_AT = 3  # first iteration with scores that overflow, counted from 1


class Model(BaseModel):
    """A linear classifier whose scores overflow from iteration ``breaks_at`` on."""

    def __init__(self, breaks_at):
        super().__init__()
        self.layer = torch.nn.Linear(2, 3)
        self.loss = ExpGBLoss()
        self.iteration, self.breaks_at, self.seen = 0, breaks_at, []

    def forward(self, inputs, mode):
        self.iteration += 1
        scores = self.layer(inputs) * 0 + (1.0 if self.iteration < self.breaks_at else 128.0)
        self.seen.append(weakref.ref(scores))
        return dict(loss_exp_gb=self.loss(scores, torch.zeros(len(scores), dtype=torch.long)))


def train(tmp_path, breaks_at, **settings):
    model = Model(breaks_at)
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
            r'loss received scores up to 128$'
        ),
    ):
        train(tmp_path, BREAKS_AT)


def test_interval_is_the_number_of_iterations_between_checks(tmp_path):
    with pytest.raises(FloatingPointError, match='^iteration 4: '):
        train(tmp_path, BREAKS_AT, interval=4)


def test_a_finite_training_completes_and_keeps_no_scores_alive(tmp_path):
    model = train(tmp_path, 1000)
    gc.collect()
    assert len(model.seen) == 10 and not any(scores() is not None for scores in model.seen)
    assert not model.loss._forward_pre_hooks


def test_an_invalid_interval_is_refused(tmp_path):
    with pytest.raises(ValueError, match='interval=0: expected a positive number of iterations'):
        train(tmp_path, 1000, interval=0)
