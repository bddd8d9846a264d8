"""Time class-aware sampling and other samplers on a data set with the class sizes of Places2.

Each measurement runs in its own process, the samplers take turns, and the table reports medians. The labels are in
memory before the measurement starts. Measured are the start-up time, the time of the first batch of indices of the
second epoch, the time of all indices of the third epoch, and the peak of resident memory beyond the labels. The table
is printed, and its numbers are written to the JSON file --out.
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
    """Times in seconds and memory in megabytes of one sampler."""

    start_up_s: float
    first_batch_s: float
    epoch_s: float
    memory_mb: float | None  # None where the system does not report it


class Places:
    """A data set without images: labels in random order, with class sizes spread as in Places2."""

    def __init__(self, images: int) -> None:
        # The concave spread gives classes of 4,000 to 30,000 images at 8.1 million images.
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
    """The algorithm of mmdetection's ClassAwareSampler, reimplemented: a loop over all samples of an epoch."""

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

        def endless_shuffles(items):
            while True:
                for place in torch.randperm(len(items), generator=generator).tolist():
                    yield items[place]

        of_class = {label: endless_shuffles(members) for label, members in self.members.items()}
        classes = endless_shuffles(list(self.members))
        return iter([next(of_class[next(classes)]) for _ in range(self.total)])


def weighted(dataset: Places) -> WeightedRandomSampler:
    """Make a sampler that draws classes equally often on average, and images with replacement."""
    return WeightedRandomSampler((1 / np.bincount(dataset.labels))[dataset.labels], len(dataset))


CONTENDERS = {
    OURS: lambda dataset: ClassAwareSampler(dataset, seed=0),
    YARDSTICK: ListSampler,
    "torch's WeightedRandomSampler": weighted,
    "mmengine's DefaultSampler": lambda dataset: DefaultSampler(dataset, seed=0),
}


def measure(name: str, images: int) -> Measurement:
    """Measure one sampler. Call it in a new process, because the peak of memory is that of the process."""
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
    """Return the resident memory of this process in MB (10**6 bytes), or None where Linux's /proc is missing.

    Args:
        field: ``'VmRSS'`` for the current memory, ``'VmHWM'`` for its peak.
    """
    status = Path('/proc/self/status')
    lines = status.read_text(encoding='utf-8').splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(f'{field}:')), None)


def medians(images: int, rounds: int) -> dict[str, Measurement]:
    """Measure every sampler in each round, and return the medians by name."""
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
        '--images',
        type=int,
        nargs='+',
        default=[100_000, 1_000_000, 8_100_000],
        help='numbers of images to measure (default: %(default)s)',
    )
    parser.add_argument('--rounds', type=int, default=5, help='measurements per sampler (default: %(default)s)')
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('docs/results/sampler_benchmark.json'),
        help='JSON file to write (default: %(default)s)',
    )
    args = parser.parse_args()
    if args.rounds < 1 or min(args.images) < 10 * CLASSES:
        parser.error(
            f'--rounds {args.rounds} --images {min(args.images)}: expected at least 1 round and {10 * CLASSES} images'
        )
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
