"""Base class of hooks that check a run's data sets before its first step."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook

from mmgb.utils.dataset_wrappers import innermost_datasets


class DataCheckHook(Hook):
    """Call ``check_dataset`` for every data set of training and validation, or of a test, before the first step.

    Wrapped data sets are checked one by one; see :mod:`mmgb.utils.dataset_wrappers`.
    """

    def before_train(self, runner: Any) -> None:
        self._check_loop(runner, 'train_dataloader', runner.train_loop)
        if runner.val_loop is not None:
            self._check_loop(runner, 'val_dataloader', runner.val_loop)

    def before_test(self, runner: Any) -> None:
        self._check_loop(runner, 'test_dataloader', runner.test_loop)

    def check_dataset(self, runner: Any, field: str, dataset: Any) -> None:
        """Raise a ValueError if ``dataset`` is invalid.

        Args:
            runner: mmengine's runner.
            field (str): config field of the data loader, such as ``'train_dataloader'``.
            dataset: a data set that isn't a wrapper.
        """
        raise NotImplementedError

    def _check_loop(self, runner: Any, field: str, loop: Any) -> None:
        for dataset in innermost_datasets(loop.dataloader.dataset):
            self.check_dataset(runner, field, dataset)
