"""The place of a training in its sequence of samples, as a checkpoint holds it."""

from __future__ import annotations

from typing import NamedTuple

from mmgb.functional.errors import ConfigError, shorten

KEY = 'exact_resume'  # of the checkpoint
LARGEST_SEED = (1 << 64) - 1
LARGEST_COUNT = (1 << 31) - 1


class TrainingPlace(NamedTuple):
    """Place from which a training goes on with the next sample.

    Attributes:
        batches (int): number of trained batches of the epoch that the checkpoint's ``meta.epoch`` counts; in an
            iteration-based loop, of the whole training.
        batch_size (int): samples per batch and process.
        world_size (int): number of processes.
        sampler_seed (int | None): seed of the sampler; None if it has none.
    """

    batches: int
    batch_size: int
    world_size: int
    sampler_seed: int | None


def place_in_checkpoint(checkpoint: dict) -> TrainingPlace | None:
    """Return the place that a checkpoint holds, or None if it was written without ``ExactResumeHook``.

    Raises:
        ConfigError: if the entry is malformed.
    """
    entry = checkpoint.get(KEY)
    if entry is None:
        return None
    bounds = dict.fromkeys(TrainingPlace._fields, LARGEST_COUNT) | dict(sampler_seed=LARGEST_SEED)
    if not isinstance(entry, dict) or entry.keys() != bounds.keys():
        raise ConfigError(f'expected {KEY} to be a dict of {", ".join(bounds)}, got {shorten(repr(entry), 80)}')
    for field, largest in bounds.items():
        smallest = 1 if field in ('batch_size', 'world_size') else 0
        absent = field == 'sampler_seed' and entry[field] is None
        if not absent and (type(entry[field]) is not int or not smallest <= entry[field] <= largest):
            raise ConfigError(
                f'expected {KEY}.{field} to be an integer from {smallest} to {largest}, got '
                f'{shorten(repr(entry[field]), 80)}; the checkpoint is malformed'
            )
    return TrainingPlace(**entry)


def batches_to_skip(place: TrainingPlace, batch_size: int, world_size: int) -> int:
    """Return how many batches of ``world_size`` processes are the samples that ``place`` has trained, rounded down."""
    return place.batches * place.batch_size * place.world_size // (batch_size * world_size)
