"""A wrapper of any data set of image files that names unreadable ones, or skips and counts them."""

from __future__ import annotations

from typing import Any

from mmengine.dataset import RepeatDataset

from mmgb.functional.errors import ConfigError
from mmgb.registry import DATASETS
from mmgb.utils.dataset_wrappers import innermost_datasets

from .unreadable_images import UnreadableImagePolicy


@DATASETS.register_module()
class FaultTolerantDataset(RepeatDataset):
    """Samples of another data set, with a policy for images and label maps that can't be read.

    ::

        train_dataloader = dict(dataset=dict(
            _delete_=True, type='mmgb.FaultTolerantDataset', on_error='skip',
            dataset=dict(type='PascalVOCDataset', data_root='data/VOCdevkit/VOC2012', ...)))

    Length, order, class names and labels are those of the wrapped data set: mmengine's ``RepeatDataset`` with
    ``times=1``. The hosts' own remedy, ``LoadImageFromFile(ignore_empty=True)``, uses a random other sample without a
    word, covers no label maps, and tries 1,000 files of a wrong folder.

    Args:
        dataset (dict | BaseDataset): data set of mmengine, mmseg or mmpretrain whose ``get_data_info`` returns
            ``img_path`` and, for segmentation, ``seg_map_path``. Inside ``MultiImageMixDataset``, wrap the data set
            that it mixes.
        on_error (str): reaction to a missing or unreadable file. ``'raise'`` ends the training with an error that names
            the file. ``'skip'`` uses the next sample. Skipped samples are counted per worker in ``num_skipped`` and
            logged when the count is 1, 2, 4, 8, …. Default: ``'raise'``.
        max_refetch (int): with ``'skip'``, number of consecutive failures that are tolerated. Default: 20.
        lazy_init (bool): as of ``RepeatDataset``. Default: False.

    Raises:
        ValueError: if a setting is invalid, if ``'skip'`` is set for a data set in test mode, or if the data set has no
            ``get_data_info``.
        OSError: from ``__getitem__``, if a file can't be read, or with ``'skip'`` those of more than ``max_refetch``
            samples in a row. It is a ``ConfigError`` too: the tools end with its sentence.
    """

    def __init__(self, dataset: Any, on_error: str = 'raise', max_refetch: int = 20, lazy_init: bool = False) -> None:
        super().__init__(dataset, times=1, lazy_init=lazy_init)
        if not hasattr(self.dataset, 'get_data_info'):
            raise ConfigError(
                f'dataset={type(self.dataset).__name__}: expected a data set with get_data_info, to name its files; '
                'wrap the data set inside it'
            )
        test_mode = any(getattr(part, 'test_mode', False) for part in innermost_datasets(self.dataset))
        self.policy = UnreadableImagePolicy(on_error, max_refetch, test_mode, 'remove it from the data set')

    @property
    def num_skipped(self) -> int:
        """Number of samples that this process has skipped."""
        return self.policy.num_skipped

    def __getitem__(self, idx: int) -> Any:
        return self.policy.load(
            super().__getitem__, self.get_data_info, idx, len(self), check='data_root and data_prefix'
        )
