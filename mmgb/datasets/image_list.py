"""Image lists of millions of entries, stored as four arrays instead of one Python object per image."""

from __future__ import annotations

from typing import Any

import numpy as np

from .shared_array import SharedArray


class ImageList:
    """Sequence of N images and their labels; an entry ``dict(img_path=…, gt_label=…)`` is created on access.

    :func:`mmgb.datasets.image_list_parser.read_image_list` makes one from the text of a list.

    Args:
        text (SharedArray): (B,) uint8, UTF-8 text that contains all paths.
        starts (SharedArray): (N,) integers, offset of each path in ``text``.
        lengths (SharedArray): (N,) integers, length of each path in bytes.
        labels (SharedArray): (N,) int32 class indices.
    """

    def __init__(self, text: SharedArray, starts: SharedArray, lengths: SharedArray, labels: SharedArray) -> None:
        self._text, self._starts, self._lengths, self._labels = text, starts, lengths, labels

    @property
    def labels(self) -> np.ndarray:
        """(N,) int32 class indices, read-only."""
        return self._labels.array

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Any) -> dict | ImageList:
        """Return the entry at an int, or a new :class:`ImageList` for a slice or an array of positions."""
        if not isinstance(index, (int, np.integer)):
            selected = (SharedArray(column.array[index]) for column in (self._starts, self._lengths, self._labels))
            return ImageList(self._text, *selected)
        start = int(self._starts.array[index])
        path = self._text.array[start : start + int(self._lengths.array[index])]
        return dict(img_path=path.tobytes().decode(), gt_label=int(self.labels[index]))
