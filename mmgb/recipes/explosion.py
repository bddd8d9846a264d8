"""Train a tiny network with a loss at a learning rate, however extreme, and report how that ends.

The network has one hidden layer of 32 ReLUs. Its images are ten well-separated Gaussian clusters in 20 dimensions,
which each loss learns in 60 iterations at a sensible learning rate.
"""

from __future__ import annotations

import copy
import logging
import tempfile
from typing import Any, NamedTuple

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import Tensor, nn

from mmgb.functional.errors import ConfigError, DivergenceError
from mmgb.registry import MODELS

from .verdict import first_loss, judge, last_loss

CLASSES, INPUTS, HIDDEN, SAMPLES, BATCH = 10, 20, 32, 320, 32


class Ending(NamedTuple):
    """The end of a training.

    Attributes:
        verdict (str): ``'refused'``, ``'stops'``, ``'falls'``, ``'level'`` or ``'rises'``; the last three as in
            :mod:`mmgb.recipes.verdict`.
        iterations (int): number of iterations that were run.
        first_loss, last_loss (float | None): the finite ones.
        sentence (str): error message, ``''`` if there was none.
    """

    verdict: str
    iterations: int
    first_loss: float | None
    last_loss: float | None
    sentence: str


def train_to_the_end(loss: dict, learning_rate: float, iterations: int = 60) -> Ending:
    """Train with plain SGD and ``CheckInvalidLossHook``, and return the end.

    Args:
        loss (dict): config of the loss.
        learning_rate (float): learning rate of SGD.
        iterations (int): number of iterations of 32 samples.
    """
    history = _History()
    torch.manual_seed(0)
    try:
        model = _Classifier(loss)
    except ConfigError as error:
        return Ending('refused', 0, None, None, str(error))
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(
            model=model,
            work_dir=folder,
            experiment_name=folder,
            log_level='ERROR',
            default_scope='mmgb',
            randomness=dict(seed=0),
            train_dataloader=dict(
                dataset=_clusters(),
                batch_size=BATCH,
                sampler=dict(type='InfiniteSampler', seed=0),
                collate_fn=_collate,
            ),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=iterations),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=learning_rate)),
            default_hooks=dict(checkpoint=None, logger=None),
            custom_hooks=[dict(type='mmgb.CheckInvalidLossHook'), history],
        )
        logging.getLogger('mmengine').setLevel(logging.ERROR)
        sentence = ''
        try:
            runner.train()
        except DivergenceError as error:
            sentence = str(error)
    losses = history.losses
    return Ending(
        'stops' if sentence else judge(losses),
        len(losses) + bool(sentence),
        first_loss(losses) if losses else None,
        last_loss(losses) if losses else None,
        sentence,
    )


class _Classifier(BaseModel):
    def __init__(self, loss: dict) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(INPUTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES))
        self.loss = MODELS.build(copy.deepcopy(loss))

    def forward(self, inputs: Tensor, labels: Tensor, mode: str) -> dict[str, Tensor]:
        return dict(loss=self.loss(self.layers(inputs), labels))


class _History(Hook):
    """Keep the loss of each iteration; it sees only the finite ones, after the check of the loss."""

    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self.losses: list[float] = []

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.losses.append(outputs['loss'].item())


def _clusters() -> list[tuple[Tensor, int]]:
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(CLASSES, INPUTS, generator=generator)
    labels = torch.arange(SAMPLES) % CLASSES
    inputs = centres[labels] + 0.2 * torch.randn(SAMPLES, INPUTS, generator=generator)
    return list(zip(inputs, labels.tolist()))


def _collate(samples: list[tuple[Tensor, int]]) -> dict[str, Tensor]:
    inputs, labels = zip(*samples)
    return dict(inputs=torch.stack(inputs), labels=torch.tensor(labels))
