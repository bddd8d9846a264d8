"""Times class-aware sampling of a data set like Places2 against other samplers: what it takes beside the labels.

Every measurement runs in a process of its own, the contenders take turns, and medians count. The labels are in memory
before it begins. Measured are start-up; the first batch of indices and a whole epoch's indices, of the second and third
epoch, as a dataloader asks for them; and the peak of resident memory above what is there with the labels. The table is
printed, and written as JSON with --out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from measuring import show, write_results  # beside this file
from mmengine.dataset import DefaultSampler
from torch.utils.data import WeightedRandomSampler

from mmgb.analysis.benchmark_tables import sampler_table
from mmgb.datasets.samplers import ClassAwareSampler

CLASSES = 401
SMALLEST, LARGEST = 4_000, 30_000
BATCH = 256
OURS = 'mmgb.ClassAwareSampler'
YARDSTICK = "mmdetection's algorithm"


class Measurement(NamedTuple):
    start_up_s: float
    first_batch_s: float
    epoch_s: float
    memory_mb: float | None  # None where the system doesn't tell


class Places:
    """Labels with the spread of Places2's classes, in random order, and no images."""

    def __init__(self, images: int) -> None:
        # Concave, so that 8.1 million images have classes of 4,000 to 30,000.
        spread = SMALLEST + (LARGEST - SMALLEST) * np.linspace(0, 1, CLASSES) ** 0.605
        ends = np.round(np.cumsum(spread) * images / spread.sum()).astype(int)
        self.labels = np.repeat(np.arange(CLASSES), np.diff(ends, prepend=0))
        np.random.default_rng(0).shuffle(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def get_gt_labels(self) -> np.ndarray:
        return self.labels

    def get_cat_ids(self, index: int) -> list[int]:
        return [int(self.labels[index])]


class ListSampler:
    """What mmdetection's ClassAwareSampler does, written anew: lists, and a loop over every sample of every epoch."""

    def __init__(self, dataset: Places) -> None:
        self.total = len(dataset)
        self.epoch = 0
        self.members = {label: [] for label in range(CLASSES)}
        for index in range(self.total):
            for label in set(dataset.get_cat_ids(index)):
                self.members[label].append(index)

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.epoch)

        def shuffled_for_ever(things):
            while True:
                for place in torch.randperm(len(things), generator=generator).tolist():
                    yield things[place]

        of_class = {label: shuffled_for_ever(members) for label, members in self.members.items()}
        classes = shuffled_for_ever(list(self.members))
        return iter([next(of_class[next(classes)]) for _ in range(self.total)])


def weighted(dataset: Places) -> WeightedRandomSampler:
    """Classes equally often on average; images with replacement."""
    return WeightedRandomSampler((1 / np.bincount(dataset.labels))[dataset.labels], len(dataset))


CONTENDERS = {
    OURS: lambda dataset: ClassAwareSampler(dataset, seed=0),
    YARDSTICK: ListSampler,
    "torch's WeightedRandomSampler": weighted,
    "mmengine's DefaultSampler": lambda dataset: DefaultSampler(dataset, seed=0),
}


def measure(name: str, images: int) -> Measurement:
    """Runs in a process of its own, where nobody else has reached a peak of memory."""
    torch.set_num_threads(1)
    dataset = Places(images)
    before = resident_memory('VmRSS')
    times = [time.perf_counter()]
    sampler = CONTENDERS[name](dataset)
    times.append(time.perf_counter())
    set_epoch(sampler, 1)
    deque(islice(iter(sampler), BATCH), maxlen=0)
    times.append(time.perf_counter())
    set_epoch(sampler, 2)
    deque(iter(sampler), maxlen=0)
    times.append(time.perf_counter())
    return Measurement(*np.diff(times).tolist(), before and resident_memory('VmHWM') - before)


def set_epoch(sampler, epoch: int) -> None:
    if hasattr(sampler, 'set_epoch'):
        sampler.set_epoch(epoch)


def resident_memory(field: str) -> float | None:
    """Linux's VmRSS (now) or VmHWM (at its highest) of this process, in MB of 10**6 bytes."""
    status = Path('/proc/self/status')
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(f'{field}:')), None)


def medians(images: int, rounds: int) -> dict[str, Measurement]:
    found = {name: [] for name in CONTENDERS}
    processes = multiprocessing.get_context('spawn')
    for done in range(rounds):
        for name, measurements in found.items():
            show(f'{images} images, round {done + 1}: {name}')
            with processes.Pool(1) as pool:
                measurements.append(pool.apply(measure, (name, images)))
    show('')
    return {
        name: Measurement(*(None if None in values else statistics.median(values) for values in zip(*measurements)))
        for name, measurements in found.items()
    }


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--images', type=int, nargs='+', default=[100_000, 1_000_000, 8_100_000], help='default: %(default)s'
    )
    parser.add_argument('--rounds', type=int, default=5, help='default: %(default)s')
    parser.add_argument(
        '--out', type=Path, default=Path('docs/results/sampler_benchmark.json'), help='default: %(default)s'
    )
    args = parser.parse_args()
    if args.rounds < 1 or min(args.images) < 10 * CLASSES:
        parser.error(f'--rounds must be positive, and --images at least {10 * CLASSES}')
    return args


def main():
    args = parse_args()
    torch.set_num_threads(1)
    results = []
    for images in args.images:
        found = medians(images, args.rounds)
        results.append(
            dict(images=images, classes=CLASSES, contenders={name: row._asdict() for name, row in found.items()})
        )
        print(sampler_table(results[-1]), flush=True)
    write_results(args.out, results, rounds=args.rounds, numpy=np.__version__)


if __name__ == '__main__':
    main()
