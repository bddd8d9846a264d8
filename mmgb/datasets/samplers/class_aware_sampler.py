"""Class-aware sampling for mmengine's loops (*Relay Backpropagation*, Section 5.1)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.logging import print_log
from torch.utils.data import Sampler

from mmgb.datasets.sample_labels import class_names, pairs, sample_labels
from mmgb.functional.class_aware_order import ClassGroups, class_aware_order, group_by_class
from mmgb.functional.errors import ConfigError
from mmgb.registry import DATA_SAMPLERS
from mmgb.utils.settings import check_flag, check_integer

SHORTEST_BLOCK = 1 << 16  # positions computed at once, or the number of images if that is larger
MOST_IN_A_ROW = 1024  # images of a class; a cycle over all classes is computed at once
SHOWN = 10  # names of empty classes in a message
CHUNK = 1 << 14  # positions converted to Python's integers at once, which take ten times the memory


@DATA_SAMPLERS.register_module()
class ClassAwareSampler(Sampler):
    """Draw every class equally often, and within a class every image equally often.

    The sampler reads one endless sequence of images that depends only on the seed and the labels; see
    :mod:`mmgb.functional.class_aware_order`. With M samples per epoch, epoch e consists of the positions e·M to
    (e+1)·M - 1, so that each class continues where the previous epoch ended. Rank r takes every world_size-th position
    from r on: the batches of all ranks together are consecutive positions, and the sequence doesn't depend on the
    number of ranks. With a seed, global random state is neither read nor changed.

    Args:
        dataset (Sized): data set with labels; see :func:`mmgb.datasets.sample_labels.sample_labels`. A sample with
            several classes belongs to each of them.
        seed (int | None): seed of the sequence, ``0 <= seed < 2**64``, the same on every rank. The runner passes its
            ``randomness.seed``. Default: None, a seed drawn from numpy's global state and shared by all ranks, as in
            mmengine's samplers.
        num_samples (int | None): samples per epoch over all ranks, at least the number of ranks. Default: None, the
            size of the data set.
        round_up (bool): whether to round an epoch up or down to a multiple of the number of ranks. Rounding repeats
            and loses no sample, because the next epoch starts where this one ends. Default: True.
        infinite (bool): for iteration-based loops, never end, start at position 0, and offer ``skip`` for resuming.
            ``tools/train.py`` refuses it in an epoch-based loop, where the first epoch wouldn't end. Default: False.
        empty_classes (str): ``'drop'`` logs a warning that names the classes without images and samples the others;
            ``'refuse'`` raises an error. Default: ``'drop'``.
        label_cache (str | None): file that caches the classes in the label maps of a segmentation data set. Default:
            None, a file next to the folder of label maps.
        num_sample_class (int): number of images of a class in a row, as in mmdetection's sampler of this name; from 1
            to 1024. Default: 1.

    Raises:
        ValueError: if an argument or a label is invalid, or fewer than two classes have images.
    """

    def __init__(
        self,
        dataset: Sized,
        seed: int | None = None,
        num_samples: int | None = None,
        round_up: bool = True,
        infinite: bool = False,
        empty_classes: str = 'drop',
        label_cache: str | None = None,
        num_sample_class: int = 1,
    ) -> None:
        seed = None if seed is None else check_integer('seed', seed)
        num_samples = None if num_samples is None else check_integer('num_samples', num_samples)
        num_sample_class = check_integer('num_sample_class', num_sample_class)
        for name, value in dict(round_up=round_up, infinite=infinite).items():
            check_flag(name, value)
        if not 1 <= num_sample_class <= MOST_IN_A_ROW:
            raise ConfigError(f'num_sample_class={num_sample_class}: expected 1 to {MOST_IN_A_ROW}')
        self.rank, self.world_size = get_dist_info()
        total = len(dataset) if num_samples is None else num_samples
        if total < self.world_size:
            raise ConfigError(f'num_samples={total}: expected at least {self.world_size}, the number of processes')
        if empty_classes not in ('drop', 'refuse'):
            raise ConfigError(f"empty_classes='{empty_classes}': expected 'drop' or 'refuse'")
        if seed is not None and not 0 <= seed < 1 << 64:
            raise ConfigError(f'seed={seed}: expected 0 <= seed < 2**64')
        self.groups = group_samples(dataset, empty_classes, label_cache)
        self.num_sample_class = num_sample_class
        self.seed = sync_random_seed() if seed is None else seed
        self.samples_per_rank = -(-total // self.world_size) if round_up else total // self.world_size
        self.infinite = infinite
        self.epoch = 0
        self.skipped = 0
        if infinite:
            # mmengine resumes by `skip` if a sampler has it, but counts wrongly if epochs end with a smaller batch.
            self.skip = self._skip

    def __iter__(self) -> Iterator[int]:
        """Yield this rank's image indices, of the current epoch or without end."""
        start = self.skipped if self.infinite else self.epoch * self.samples_per_rank
        block = max(SHORTEST_BLOCK, len(self.groups.images)) // self.world_size + 1
        end = float('inf') if self.infinite else start + self.samples_per_rank
        while start < end:
            stop = min(start + block, end)
            run = start * self.world_size, stop * self.world_size
            order = class_aware_order(self.groups, self.seed, *run, self.num_sample_class)
            mine = order[self.rank :: self.world_size]
            for begin in range(0, len(mine), CHUNK):
                yield from mine[begin : begin + CHUNK].tolist()
            start = stop

    def __len__(self) -> int:
        """Return the number of this rank's samples per epoch."""
        return self.samples_per_rank

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that the next ``iter()`` covers; an infinite sampler ignores it."""
        self.epoch = epoch

    def _skip(self, num_samples: int) -> None:
        """Make the next ``iter()`` start after the first ``num_samples`` of this rank, in constant time."""
        if num_samples < 0:
            raise ConfigError(f'num_samples={num_samples}: expected a number of samples to skip that is not negative')
        self.skipped = num_samples


def group_samples(dataset: Sized, empty_classes: str, label_cache: str | None) -> ClassGroups:
    """Return the samples of ``dataset`` grouped by class; see :class:`ClassAwareSampler` for arguments and errors."""
    labels, samples = pairs(sample_labels(dataset, label_cache))
    names = class_names(dataset)
    groups = group_by_class(labels, len(names) if names else int(labels.max(initial=-1)) + 1, samples)
    empty, total = np.flatnonzero(groups.sizes == 0), len(groups.sizes)
    if total - len(empty) < 2:
        raise ConfigError(
            f'{total - len(empty)} of {total} classes have images: class-aware sampling needs at least two'
        )
    if len(empty):
        shown = ', '.join(names[label] if names else str(label) for label in empty[:SHOWN])
        more = f' and {len(empty) - SHOWN} more' if len(empty) > SHOWN else ''
        message = f'{len(empty)} of {total} classes have no images: {shown}{more}'
        if empty_classes == 'refuse':
            raise ConfigError(f"empty_classes='refuse': {message}; 'drop' samples the other classes")
        print_log(f'{message}. Only the other classes are sampled.', 'current', logging.WARNING)
    return groups
