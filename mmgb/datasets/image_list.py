"""Image lists of millions of entries, stored as four arrays instead of one Python object per image."""

from __future__ import annotations

from typing import Any

import numpy as np

from .positions import is_one_position
from .shared_array import SharedArray


class ImageList:
    """Sequence of N images and their labels; an entry ``dict(img_path=…, gt_label=…)`` is created on access.

    Without labels an entry is ``dict(img_path=…)``.

    :func:`mmgb.datasets.image_list_parser.read_image_list` makes one from the text of a list.

    Args:
        text (SharedArray): (B,) uint8, UTF-8 text that contains all paths.
        starts (SharedArray): (N,) integers, offset of each path in ``text``.
        lengths (SharedArray): (N,) integers, length of each path in bytes.
        labels (SharedArray | None): (N,) int32 class indices. Default: None, no labels.
    """

    def __init__(
        self, text: SharedArray, starts: SharedArray, lengths: SharedArray, labels: SharedArray | None = None
    ) -> None:
        self._text = text
        self._columns = (starts, lengths) if labels is None else (starts, lengths, labels)

    @property
    def labels(self) -> np.ndarray | None:
        """(N,) int32 class indices, read-only; None if the list has none."""
        return self._columns[2].array if len(self._columns) == 3 else None

    def __len__(self) -> int:
        return len(self._columns[0].array)

    def __getitem__(self, index: Any) -> dict | ImageList:
        """Return the entry at an int, or a new :class:`ImageList` for a slice or an array of positions."""
        if not is_one_position(index):
            return ImageList(self._text, *(SharedArray(column.array[index]) for column in self._columns))
        start, length, *label = (int(column.array[int(index)]) for column in self._columns)
        entry = dict(img_path=self._text.array[start : start + length].tobytes().decode())
        if label:
            entry['gt_label'] = label[0]
        return entry
