"""Seed the generators for each sample of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from mmgb.functional.random_streams import preserved_generators, seed_generators, stream_seed

from .placed_batches import PlacedIndex

SAMPLE = 2  # first part of the key, which no other kind of stream has


class SeededSamples:
    """``__getitems__`` of a data set: load a batch, each sample with generators that depend only on its place.

    The seed is that of (seed, epoch, position, index); see :class:`PlacedIndex`. All draws of the data set's
    ``__getitem__`` from the global generators of Python, numpy and torch's CPU follow it, also those by which a wrapper
    chooses further samples (mosaic, mixup). The states that the generators had are restored afterwards.

    Args:
        dataset (Any): map-style data set.
        seed (int): seed of the training, the same for all processes.
    """

    def __init__(self, dataset: Any, seed: int) -> None:
        self.dataset = dataset
        self.seed = seed

    def __call__(self, places: Sequence[PlacedIndex | Any]) -> list[Any]:
        """Return the samples at ``places``. Another loader of the same data set has plain indices, and no seeds."""
        if not all(isinstance(place, PlacedIndex) for place in places):
            return [self.dataset[index] for index in places]
        with preserved_generators():
            return [self._load(place) for place in places]

    def _load(self, place: PlacedIndex) -> Any:
        number = int(place.index) if isinstance(place.index, Integral) else 0
        seed_generators(stream_seed(SAMPLE, self.seed, place.epoch, place.position, number))
        return self.dataset[place.index]
