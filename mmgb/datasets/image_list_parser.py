"""Parse image lists with numpy over the bytes of many lines at once: 8.1 million lines take seconds."""

from __future__ import annotations

import numpy as np

from mmgb.functional.errors import ConfigError

from .image_list import ImageList
from .shared_array import SharedArray

BOM = b'\xef\xbb\xbf'
BLANK = np.isin(np.arange(256), list(b' \t\r'))  # separates path and label, or precedes the line feed
LEADING = np.isin(np.arange(256), list(b' \t/'))  # the official lists write /a/airfield/… below the images' root
MAX_DIGITS = 9  # of a label, so that it fits an int32
PADDING = 8  # zeros after a block's text, because a hash reads eight bytes at once
LOW_BYTES = np.array([2 ** (8 * n) - 1 for n in range(9)], np.uint64)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd


def read_image_list(content: bytes, num_classes: int | None = None, block_bytes: int = 1 << 24) -> ImageList:
    """Parse a list whose lines contain a path, blanks and a class index.

    A path may contain blanks. Blanks and slashes before a path are dropped.

    Args:
        content (bytes): UTF-8 text of the list; the result refers to it instead of copying it.
        num_classes (int | None): number of classes; labels must be 0 to ``num_classes - 1``. Default: None, any
            non-negative label.
        block_bytes (int): size of the blocks in which the text is processed, in bytes; it bounds the temporary memory.

    Raises:
        ValueError: if the list is empty, or if a line isn't UTF-8, has no label, has a label outside the classes, or
            repeats an earlier path. The message begins with the number of the line.
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
            invalid = int(np.argmin(valid))
            line = content[begin:stop].split(b'\n')[invalid]
            raise ConfigError(f'line {done + invalid + 1}: {_describe_fault(line, num_classes)}')
        rows = slice(done, done + len(first))
        starts[rows], lengths[rows], labels[rows] = first + begin, length, label
        hashes[rows] = hash_each(block, first, length)
        done, begin = rows.stop, stop
    images = ImageList(*map(SharedArray, (np.frombuffer(content, np.uint8), starts, lengths, labels)))
    _check_distinct(images, hashes)
    return images


def parse_lines(block: np.ndarray, num_classes: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Split each line of a block into its path and its label.

    Args:
        block (np.ndarray): (B,) uint8, text followed by ``PADDING`` zeros.
        num_classes (int | None): exclusive upper bound of the labels, or None for no bound.

    Returns:
        Four arrays (M,), one entry per line: first byte of the path, length of the path, label, and whether the line
        has both a path and a valid label.
    """
    newlines = np.flatnonzero(block[:-PADDING] == ord('\n'))
    if not len(newlines) or newlines[-1] != len(block) - PADDING - 1:
        newlines = np.append(newlines, len(block) - PADDING)  # the last line may lack a line feed
    begins = np.append(0, newlines[:-1] + 1)
    ends = _move_while(BLANK, block, newlines, -1, begins)
    cursor = ends.copy()
    labels = np.zeros(len(ends), np.int64)
    active = np.ones(len(ends), bool)
    for power in 10 ** np.arange(MAX_DIGITS):
        digits = block[cursor - 1] - np.uint8(ord('0'))  # any other character wraps to more than 9
        active &= (digits < 10) & (cursor > begins)
        if not active.any():
            break
        labels += np.where(active, digits * power, 0)
        cursor -= active
    valid = (cursor < ends) & BLANK[block[cursor - 1]]
    path_ends = _move_while(BLANK, block, cursor, -1, begins)
    path_begins = _move_while(LEADING, block, begins, 1, path_ends)
    valid &= path_begins < path_ends
    if num_classes is not None:
        valid &= labels < num_classes
    return path_begins, path_ends - path_begins, labels, valid


def hash_each(block: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return a 64-bit hash of each ``block[start:start + length]``, (M,) uint64; ``block`` ends with ``PADDING``."""
    words = np.ndarray(len(block) - 7, '<u8', block, strides=(1,))
    hashes = lengths.astype(np.uint64)
    for offset in range(0, lengths.max(), 8):
        rows = np.flatnonzero(lengths > offset)
        word = words[starts[rows] + offset] & LOW_BYTES[np.minimum(lengths[rows] - offset, 8)]
        mixed = (hashes[rows] ^ word) * MULTIPLIER
        hashes[rows] = mixed ^ (mixed >> np.uint64(29))
    return hashes


def _move_while(kind: np.ndarray, block: np.ndarray, cursor: np.ndarray, step: int, limit: np.ndarray) -> np.ndarray:
    """Move each cursor towards ``limit`` over bytes of a ``kind``: before it if step is -1, from it on if 1."""
    cursor = cursor.copy()
    while True:
        moving = kind[block[cursor - 1 if step < 0 else cursor]] & (cursor != limit)
        if not moving.any():
            return cursor
        cursor += step * moving


def _end_of_line(content: bytes, begin: int, stop: int, end: int) -> int:
    """Return the end of the last line that is complete in ``content[begin:stop]``, or else of the first line."""
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
        if path == images[earlier]['img_path']:  # otherwise only their hashes collide
            raise ConfigError(f"line {later + 1}: duplicate of line {earlier + 1}, '{path}'")


def _check_utf8(text: bytes, lines_before: int) -> None:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        line = lines_before + text.count(b'\n', 0, error.start) + 1
        raise ConfigError(
            f'line {line}: expected UTF-8, got byte 0x{text[error.start]:02x}; convert the list, e.g. with '
            'iconv -f LATIN1 -t UTF-8'
        ) from error


def _describe_fault(line: bytes, num_classes: int | None) -> str:
    """Return why ``parse_lines`` refuses a line."""
    path, _, label = line.decode().strip().replace('\t', ' ').rpartition(' ')
    if not path.strip(' /'):
        return f"expected a path, a blank and a class index, got '{line.decode().strip()}'"
    last = 10**MAX_DIGITS - 1 if num_classes is None else num_classes - 1
    return f"label '{label}': expected a class index from 0 to {last}"
