"""Class-aware sampling for mmengine's loops."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sized

from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.logging import print_log
from torch.utils.data import Sampler

from mmgb.datasets.sample_labels import class_names, pairs, sample_labels
from mmgb.functional.class_aware_order import ClassGroups, class_aware_order, group_by_class
from mmgb.functional.errors import ConfigError
from mmgb.registry import DATA_SAMPLERS

SHORTEST_BLOCK = 1 << 16  # positions computed at once, unless there are more images
CHUNK = 1 << 14  # positions turned into Python's integers at once: these take ten times the memory


@DATA_SAMPLERS.register_module()
class ClassAwareSampler(Sampler):
    """Draw every class equally often, and within a class every image equally often.

    There is one endless sequence of images, a function of the seed and the labels alone: see
    :mod:`mmgb.functional.class_aware_order`. With M samples in an epoch, epoch e is its positions e·M to (e+1)·M - 1,
    so that an epoch goes on within each class where the last one has ended. Rank r takes every world_size-th position
    from r on: a batch of all ranks is a run of consecutive positions, and the sequence doesn't depend on how many
    ranks there are. Global random state is neither read nor changed, unless there is no seed.

    Args:
        dataset: a data set with labels, see :func:`mmgb.datasets.sample_labels.sample_labels`. A sample of several
            classes belongs to each of them.
        seed: ``0 <= seed < 2**64``, the same on every rank. The runner passes its own, ``randomness.seed``. None draws
            one from numpy's global state and shares it, as mmengine's samplers do.
        num_samples: of an epoch, over all ranks, at least the number of ranks. None stands for ``len(dataset)``.
        round_up: whether an epoch is rounded up or down to a multiple of the ranks. Nothing is repeated or lost
            thereby, as the next epoch begins where this one ends.
        infinite: for iteration-based loops: never end, start at position 0, and offer ``skip`` for resuming.
        empty_classes: 'drop' to sample without classes that have no images, after a warning that names them, or
            'refuse'.
        label_cache: file that keeps which classes the images of a segmentation data set show. None stands for one
            beside the folder of label maps.

    Raises:
        ValueError: if an argument or the labels aren't as said here, or fewer than two classes have images.
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
    ) -> None:
        self.rank, self.world_size = get_dist_info()
        total = len(dataset) if num_samples is None else num_samples
        if total < self.world_size:
            raise ConfigError(f'num_samples={total} should be at least the number of processes, {self.world_size}')
        if empty_classes not in ('drop', 'refuse'):
            raise ConfigError(f"empty_classes='{empty_classes}' should be 'drop' or 'refuse'")
        if seed is not None and not 0 <= seed < 1 << 64:
            raise ConfigError(f'seed={seed} should be 0 or more and below 2**64')
        self.groups = group_samples(dataset, empty_classes, label_cache)
        self.seed = sync_random_seed() if seed is None else seed
        self.samples_per_rank = -(-total // self.world_size) if round_up else total // self.world_size
        self.infinite = infinite
        self.epoch = 0
        self.skipped = 0
        if infinite:
            # mmengine looks whether there is a `skip`. It would count wrongly where epochs end in smaller batches.
            self.skip = self._skip

    def __iter__(self) -> Iterator[int]:
        """This rank's image indices: of the epoch, or endless ones."""
        start = self.skipped if self.infinite else self.epoch * self.samples_per_rank
        block = max(SHORTEST_BLOCK, len(self.groups.images)) // self.world_size + 1
        end = float('inf') if self.infinite else start + self.samples_per_rank
        while start < end:
            stop = min(start + block, end)
            order = class_aware_order(self.groups, self.seed, start * self.world_size, stop * self.world_size)
            mine = order[self.rank :: self.world_size]
            for begin in range(0, len(mine), CHUNK):
                yield from mine[begin : begin + CHUNK].tolist()
            start = stop

    def __len__(self) -> int:
        """Number of this rank's samples in an epoch."""
        return self.samples_per_rank

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration goes through; an infinite sampler knows none."""
        self.epoch = epoch

    def _skip(self, num_samples: int) -> None:
        """Let the next iteration begin after the first ``num_samples`` of this rank, without walking through them."""
        if num_samples < 0:
            raise ConfigError(f'num_samples={num_samples} to skip should be 0 or more')
        self.skipped = num_samples


def group_samples(dataset: Sized, empty_classes: str, label_cache: str | None) -> ClassGroups:
    """The samples of ``dataset`` by class; for the arguments and errors see :class:`ClassAwareSampler`."""
    labels, samples = pairs(sample_labels(dataset, label_cache))
    names = class_names(dataset) or [str(label) for label in range(int(labels.max(initial=-1)) + 1)]
    groups = group_by_class(labels, len(names), samples)
    empty = [name for name, size in zip(names, groups.sizes) if size == 0]
    if len(names) - len(empty) < 2:
        raise ConfigError(
            f'{len(names) - len(empty)} of the {len(names)} classes have images: class-aware sampling '
            'needs at least two'
        )
    if empty:
        what = f'{len(empty)} of the {len(names)} classes have no images: {", ".join(empty)}'
        if empty_classes == 'refuse':
            raise ConfigError(f"{what} (empty_classes='drop' samples without them)")
        print_log(f'{what}. They are left out of the sampling.', 'current', logging.WARNING)
    return groups
