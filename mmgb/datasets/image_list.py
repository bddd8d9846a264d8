"""Lists of images, ``path label`` in each line, as four arrays: millions of entries, no Python object for each."""

from __future__ import annotations

import numpy as np

from mmgb.functional.errors import ConfigError

from .image_list_parser import MAX_DIGITS, PADDING, hash_each, parse_lines
from .shared_array import SharedArray

BOM = b'\xef\xbb\xbf'


class ImageList:
    """N images and their labels: a sequence of ``dict(img_path=…, gt_label=…)``, made when asked for.

    Args:
        text: (B,) uint8, UTF-8, in which all paths stand.
        starts: (N,) where each path begins in ``text``.
        lengths: (N,) of the paths, in bytes.
        labels: (N,) int32.
    """

    def __init__(self, text: SharedArray, starts: SharedArray, lengths: SharedArray, labels: SharedArray) -> None:
        self._text, self._starts, self._lengths, self._labels = text, starts, lengths, labels

    @property
    def labels(self) -> np.ndarray:
        return self._labels.array

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index):
        """The entry at an int; the list of those in a slice, or at an array of positions."""
        if not isinstance(index, (int, np.integer)):
            chosen = (SharedArray(column.array[index]) for column in (self._starts, self._lengths, self._labels))
            return ImageList(self._text, *chosen)
        start = int(self._starts.array[index])
        path = self._text.array[start : start + int(self._lengths.array[index])]
        return dict(img_path=path.tobytes().decode(), gt_label=int(self.labels[index]))


def read_image_list(content: bytes, num_classes: int | None = None, block_bytes: int = 1 << 24) -> ImageList:
    """The images of a list: in each line a path, blanks, and a class number. A path may hold blanks, too.

    Blanks and slashes before a path are dropped. ``content`` itself is kept, not copied. Of 8.1 million lines the
    arithmetic takes seconds because it is numpy's, ``block_bytes`` at a time so that its temporaries stay small.

    Args:
        num_classes: labels are 0 to ``num_classes - 1``; by default any that are not negative.

    Raises:
        ValueError: with the number of the line, if that isn't UTF-8, has no label or one outside the classes, or
            repeats an earlier path; if there is no line.
    """
    begin = len(BOM) if content.startswith(BOM) else 0
    end = len(content)
    while end > begin and content[end - 1] in b' \t\r\n':
        end -= 1
    if end == begin:
        raise ConfigError('the list is empty')
    count = content.count(b'\n', begin, end) + 1
    starts = np.empty(count, np.min_scalar_type(end))
    lengths, labels = np.empty((2, count), np.int32)
    hashes = np.empty(count, np.uint64)
    done = 0
    while begin < end:
        stop = _end_of_line(content, begin, min(begin + block_bytes, end), end)
        block = np.zeros(stop - begin + PADDING, np.uint8)
        block[: stop - begin] = np.frombuffer(content, np.uint8, stop - begin, begin)
        if block.max() > 127:
            _check_utf8(content[begin:stop], done)
        first, length, label, valid = parse_lines(block, num_classes)
        if not valid.all():
            wrong = int(np.argmin(valid))
            line = content[begin:stop].split(b'\n')[wrong]
            raise ConfigError(f'line {done + wrong + 1}: {_complaint(line, num_classes)}')
        rows = slice(done, done + len(first))
        starts[rows], lengths[rows], labels[rows] = first + begin, length, label
        hashes[rows] = hash_each(block, first, length)
        done, begin = rows.stop, stop
    images = ImageList(*map(SharedArray, (np.frombuffer(content, np.uint8), starts, lengths, labels)))
    _check_distinct(images, hashes)
    return images


def read_class_names(content: bytes) -> tuple[str, ...]:
    """The classes of a file of names, one in each line, or of the official ``/a/airfield 0``: names and their numbers.

    Raises:
        ValueError: with the number of the line, if all lines have a number and these aren't 0, 1, 2, … in this order.
    """
    names = [line.strip().lstrip('/') for line in content.decode('utf-8-sig').splitlines() if line.strip()]
    parts = [name.rsplit(None, 1) for name in names]
    if not all(len(part) == 2 and part[1].isdecimal() for part in parts):
        return tuple(names)
    for position, (_, number) in enumerate(parts):
        if int(number) != position:
            raise ConfigError(f'line {position + 1}: class number {number}, expected {position}')
    return tuple(name for name, _ in parts)


def _end_of_line(content: bytes, begin: int, stop: int, end: int) -> int:
    """Where the last line ends that is complete in ``content[begin:stop]``, or else the first one."""
    if stop == end:
        return end
    newline = content.rfind(b'\n', begin, stop)
    if newline < 0:
        newline = content.find(b'\n', stop, end)
    return end if newline < 0 else newline + 1


def _check_distinct(images: ImageList, hashes: np.ndarray) -> None:
    ordered = np.sort(hashes)
    if not (ordered[1:] == ordered[:-1]).any():
        return
    order = np.argsort(hashes, kind='stable')
    twins = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]])
    for twin in twins[np.argsort(order[twins + 1])]:
        earlier, later = order[twin], order[twin + 1]
        path = images[later]['img_path']
        if path == images[earlier]['img_path']:  # and no mere collision of hashes
            raise ConfigError(f"line {later + 1}: '{path}' was there before, in line {earlier + 1}")


def _check_utf8(text: bytes, lines_before: int) -> None:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        line = lines_before + text.count(b'\n', 0, error.start) + 1
        raise ConfigError(
            f'line {line}: byte 0x{text[error.start]:02x} is not UTF-8: convert the list from its own '
            'encoding, e.g. by iconv -f LATIN1 -t UTF-8'
        ) from error


def _complaint(line: bytes, num_classes: int | None) -> str:
    """What is wrong with a line."""
    path, _, label = line.decode().strip().replace('\t', ' ').rpartition(' ')
    if not path.strip(' /'):
        return f"'{line.decode().strip()}' has no label: expected a path, a blank and a class number"
    last = 10**MAX_DIGITS - 1 if num_classes is None else num_classes - 1
    return f"the label '{label}' is outside the classes: expected a number from 0 to {last}"
