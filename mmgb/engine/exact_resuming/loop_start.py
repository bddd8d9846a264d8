"""Start mmengine's training loops at a place that the batch sampler knows."""

from __future__ import annotations

from typing import Any

from mmengine.runner.loops import _InfiniteDataloaderIterator


class PlacedIterator(_InfiniteDataloaderIterator):
    """mmengine's endless iterator over a data loader whose batch sampler skips the batches of an earlier run itself.

    A resumed loop of onedl-mmengine calls ``skip_iter``; one of mmengine 0.10.7 takes and drops ``dropped`` batches,
    which are None here.
    """

    def __init__(self, dataloader: Any, skipped: int) -> None:
        super().__init__(dataloader)
        self.dropped = 0 if hasattr(_InfiniteDataloaderIterator, 'skip_iter') else skipped

    def __next__(self) -> Any:
        if self.dropped:
            self.dropped -= 1
            return None
        return super().__next__()

    def skip_iter(self, num_iters: int) -> None:
        """Do nothing; the batch sampler has skipped them."""


def is_iteration_based(loop: Any) -> bool:
    """Return True for ``IterBasedTrainLoop`` and loops like it, which read an endless iterator."""
    return hasattr(loop, 'dataloader_iterator')


def is_resumed(runner: Any) -> bool:
    """Return True if a runner goes on with a training, by its settings or by its method ``resume``."""
    return bool(runner._resume) or runner.train_loop.iter > 0


def restart_iteration(loop: Any) -> None:
    """Let an iteration-based loop load from its data loader anew.

    mmengine 0.10.7 has already started workers and loaded ahead when the loop was built.
    """
    loop.dataloader._iterator = None  # workers that stay alive between iterators
    loop.dataloader_iterator = PlacedIterator(loop.dataloader, loop.iter)


def number_batches_from(loop: Any, first: int) -> None:
    """Let an epoch-based loop count the batches of its epoch from ``first``, so that logs name the right one."""
    if first:
        loop.run_iter = lambda index, data_batch: type(loop).run_iter(loop, index + first, data_batch)
    else:
        vars(loop).pop('run_iter', None)
