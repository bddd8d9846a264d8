"""What hooks share that look at a run's data sets before its first step."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.hooks import Hook


class DataCheckHook(Hook):
    """Calls ``check_dataset`` for the data sets of training and validation before the first step, and of a test.

    Wrappers are looked through: concatenation, repetition, a choice of samples.
    """

    def before_train(self, runner) -> None:
        self._check_loop(runner, 'train_dataloader', runner.train_loop)
        if runner.val_loop is not None:
            self._check_loop(runner, 'val_dataloader', runner.val_loop)

    def before_test(self, runner) -> None:
        self._check_loop(runner, 'test_dataloader', runner.test_loop)

    def check_dataset(self, runner, field: str, dataset) -> None:
        """Raise a ValueError for a ``dataset`` of the dataloader ``field`` that won't do."""
        raise NotImplementedError

    def _check_loop(self, runner, field: str, loop) -> None:
        for dataset in innermost_datasets(loop.dataloader.dataset):
            self.check_dataset(runner, field, dataset)


def innermost_datasets(dataset) -> Iterator:
    """``dataset``, or those that it wraps as ``dataset`` or ``datasets``, however deep."""
    inner = getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]
    for part in inner:
        if part is None:
            yield dataset
        else:
            yield from innermost_datasets(part)
