"""A batch sampler that tells each sample its place in the training, and can start in the middle of an epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

import torch
from mmengine.dataset import InfiniteSampler
from torch.utils.data import BatchSampler

from mmgb.functional.random_streams import preserved_generators, seed_generators, stream_seed

ORDER = 3  # first part of the key of a pass over the sampler


class PlacedIndex(NamedTuple):
    """Index of a sample, and its place in the training.

    Attributes:
        index (Any): what the sampler yielded, an integer in nearly all cases.
        epoch (int): number of complete iterations over the sampler before this one; 0 for a sampler without an end.
        position (int): number of samples of all processes before this one since the sampler started.
    """

    index: Any
    epoch: int
    position: int


class PlacedBatches:
    """Batch sampler that turns the indices of another one into :class:`PlacedIndex`.

    The place travels with the index, so that it is known wherever and whenever the sample is loaded: in the training
    process or a worker, just in time or ahead. Sample i of rank r of W has position ``i * W + r``, which for mmengine's
    samplers and for ``ClassAwareSampler`` does not depend on W.

    Every other attribute is that of the other batch sampler.

    Args:
        batches (Iterable): batch sampler to read.
        sampler (Any): sampler from which ``batches`` takes its indices. Its ``set_epoch`` is called for each epoch.
        rank (int): rank of this process.
        world_size (int): number of processes.
        seed (int): seed of the training, the same for all processes. Samplers without an epoch, such as torch's, draw
            their order from the global generators or from one of their own, which start from it in each epoch.
    """

    def __init__(self, batches: Iterable, sampler: Any, rank: int, world_size: int, seed: int) -> None:
        self.batches = batches
        self.sampler = sampler
        self.rank = rank
        self.world_size = world_size
        self.seed = seed
        self.start_at(0, 0)

    def start_at(self, epoch: int, skipped: int) -> None:
        """Let the next ``iter()`` begin with an epoch, after its first ``skipped`` batches.

        If the epoch is shorter, the next ones are skipped as well: an iteration-based loop over a finite sampler counts
        its batches over all epochs.
        """
        self.epoch = epoch
        self.skipped = skipped

    def __iter__(self) -> Iterator[list[PlacedIndex]]:
        while True:
            epoch, skipped = self.epoch, self.skipped
            self.start_at(epoch + 1, 0)
            if hasattr(self.sampler, 'set_epoch'):
                self.sampler.set_epoch(epoch)
            place = self._skip_in_the_sampler(skipped) if skipped else 0
            if place:
                skipped = 0
            for batch in self._drawn(epoch):
                if skipped:
                    skipped -= 1
                else:
                    yield [
                        PlacedIndex(index, epoch, (place + number) * self.world_size + self.rank)
                        for number, index in enumerate(batch)
                    ]
                place += len(batch)
            if not skipped:
                return
            self.skipped = skipped

    def _drawn(self, epoch: int) -> Iterator[list]:
        """Return the batches of an epoch. A sampler draws its order before its first index."""
        seed = stream_seed(ORDER, self.seed, epoch)
        generator = getattr(self.sampler, 'generator', None)
        if isinstance(generator, torch.Generator):
            generator.manual_seed(seed >> 64)
        batches = iter(self.batches)
        with preserved_generators():
            seed_generators(seed)
            first = [*islice(batches, 1)]
        return chain(first, batches)

    def _skip_in_the_sampler(self, skipped: int) -> int:
        """Skip batches without making their indices, and return the number of samples; 0 if the sampler can't."""
        if type(self.batches) is not BatchSampler or not hasattr(self.sampler, 'skip'):
            return 0
        self.sampler.skip(skipped * self.batches.batch_size)
        return skipped * self.batches.batch_size

    def __len__(self) -> int:
        return len(self.batches)

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__') or name == 'batches':  # not yet set while a copy is unpickled
            raise AttributeError(name)
        return getattr(self.batches, name)


def rewind(sampler: Any) -> None:
    """Let an ``InfiniteSampler`` begin again.

    It goes on where the last ``iter()`` ended, and mmengine 0.10.7 loads ahead from it as soon as the loop is built.
    """
    if isinstance(sampler, InfiniteSampler):
        sampler.indices = sampler._indices_of_rank()
