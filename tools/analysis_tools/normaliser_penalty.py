"""Train with cross-entropy plus a penalty on its normaliser, for some factors of the penalty, and print a table.

The factor 0 is cross-entropy, 1 is exp-GB; see mmgb/analysis/normaliser_penalty.py. MNIST: the perceptron of the
gradient-boosting paper, all images but the last 10,000, two epochs. CIFAR-10: its five-layer network at an eighth of
the width, 10,000 images, two epochs. Each factor gets the learning rate that is best on held-out training images, and
then three seeds, tested on the test images. It continues a file that is there already. It takes minutes on a core.

    python tools/analysis_tools/normaliser_penalty.py --out docs/results/normaliser_penalty.json
"""

import argparse
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from mmgb.analysis.normaliser_penalty import Outcome, Samples, evaluate, train
from mmgb.datasets.array_files import read_idx, read_npz
from mmgb.functional.errors import ConfigError
from mmgb.models.backbones.cifar_convnet import CifarConvNet
from mmgb.models.backbones.mlp import MLP
from mmgb.trials.penalty_table import penalty_table
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.environment import environment

FACTORS = (0.0, 0.03, 0.3, 1.0)


class Task(NamedTuple):
    """A data set, its network and the learning rates to try.

    Attributes:
        read: reads images and labels for training and for testing.
        backbone: makes the hidden layers.
        features: number of their outputs.
        held_out: number of the last training images that select the learning rate.
        trained: number of the first training images that are trained with.
        epochs: number of epochs.
        batch: images per step.
        rates: learning rates.
    """

    read: Callable[[], tuple[Samples, Samples]]
    backbone: Callable[[], nn.Module]
    features: int
    held_out: int
    trained: int
    epochs: int
    batch: int
    rates: Sequence[float]


def read_mnist() -> tuple[Samples, Samples]:
    """Read MNIST from data/mnist, pixels from 0 to 1."""
    parts = []
    for part in ('train', 't10k'):
        images, labels = (
            torch.tensor(read_idx(f'data/mnist/{part}-{name}-ubyte.gz')) for name in ('images-idx3', 'labels-idx1')
        )
        parts.append(Samples(images[:, None].float() / 255, labels.long()))
    return parts[0], parts[1]


def read_cifar10() -> tuple[Samples, Samples]:
    """Read CIFAR-10 from data/cifar10/cifar10.npz, each channel of the training images with mean 0 and variance 1."""
    arrays = read_npz('data/cifar10/cifar10.npz', ('x_train', 'y_train', 'x_test', 'y_test'))
    images = {part: torch.tensor(arrays[f'x_{part}']).permute(0, 3, 1, 2).float() for part in ('train', 'test')}
    mean, std = (moment(images['train'], (0, 2, 3), keepdim=True) for moment in (torch.mean, torch.std))
    parts = [
        Samples((found - mean) / std, torch.tensor(arrays[f'y_{part}']).reshape(-1).long())
        for part, found in images.items()
    ]
    return parts[0], parts[1]


TASKS = {
    'MNIST': Task(read_mnist, MLP, 50, 10_000, 50_000, 2, 100, (0.05, 0.1, 0.2, 0.4)),
    'CIFAR-10': Task(
        read_cifar10, lambda: CifarConvNet(depth=5, width=0.125), 1024, 5_000, 10_000, 2, 128, (0.01, 0.02, 0.04, 0.08)
    ),
}


def run_trial(task: Task, samples: Samples, tested: Samples, factor: float, rate: float, seed: int) -> Outcome:
    """Train a new network and test it; the outcome is NaN if it diverges."""
    torch.manual_seed(seed)
    backbone = task.backbone()
    backbone.init_weights()
    network = nn.Sequential(backbone, Last(), nn.Flatten(), nn.Linear(task.features, 10))
    nn.init.normal_(network[-1].weight, std=0.01)  # as mmpretrain's LinearClsHead
    nn.init.zeros_(network[-1].bias)
    finite = train(network, samples, factor, rate, task.epochs, task.batch)
    return evaluate(network, tested) if finite else Outcome(float('nan'), float('nan'))


class Last(nn.Module):
    """Return the last of a backbone's outputs."""

    def forward(self, outputs: tuple) -> torch.Tensor:
        return outputs[-1]


def measure(task: Task, training: Samples, testing: Samples, factor: float, seeds: int) -> dict:
    """Choose the learning rate of a factor on held-out images, and train at it with some seeds."""
    samples = Samples(*(part[: task.trained] for part in training))
    held_out = Samples(*(part[-task.held_out :] for part in training))
    tried = {rate: run_trial(task, samples, held_out, factor, rate, 0).error for rate in task.rates}
    best = min(task.rates, key=lambda rate: (tried[rate] != tried[rate], tried[rate]))  # NaN is the worst
    trials = [run_trial(task, samples, testing, factor, best, seed)._asdict() for seed in range(seeds)]
    return dict(
        factor=factor, rate=best, held_out_errors={f'{rate:g}': error for rate, error in tried.items()}, trials=trials
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', type=int, default=3, help='trials of each factor (default: %(default)s)')
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.json', help='file for the numbers')
    args = parser.parse_args()
    if args.seeds < 1:
        raise ConfigError(f'--seeds={args.seeds}: expected a positive integer')
    for folder in ('data/mnist', 'data/cifar10'):
        if not Path(folder).is_dir():
            raise ConfigError(
                f"'{folder}': expected a folder, got none: run the tool where the configs find their data"
            )
    logging.disable(logging.INFO)  # the initialisers log each weight
    numbers = dict(environment=environment(), cases=[])
    if args.out.exists():
        numbers = json.loads(args.out.read_text(encoding='utf-8'))
    done = {(case['data'], case['factor']) for case in numbers['cases']}
    for data, task in TASKS.items():
        missing = [factor for factor in FACTORS if (data, factor) not in done]
        training, testing = task.read() if missing else (None, None)
        for factor in missing:
            numbers['cases'].append(dict(data=data, **measure(task, training, testing, factor, args.seeds)))
            with atomic_write(args.out, 'w') as file:
                file.write(json.dumps(numbers, indent=1) + '\n')
            print(f'{data}, lambda {factor:g}: done', flush=True)
    print(penalty_table(numbers), end='')


if __name__ == '__main__':
    run_tool(main)
