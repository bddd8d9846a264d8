"""Numpy over the bytes of many lines at once: paths, labels and hashes of a list's lines without a loop over them."""

from __future__ import annotations

import numpy as np

BLANK = np.isin(np.arange(256), list(b' \t\r'))  # ends a path, or a line before its line feed
LEADING = np.isin(np.arange(256), list(b' \t/'))  # the official lists write /a/airfield/… below the images' root
MAX_DIGITS = 9  # of a label: what an int32 holds
PADDING = 8  # zeros after a block's text: a hash reads eight bytes at once
LOW_BYTES = np.array([2 ** (8 * n) - 1 for n in range(9)], np.uint64)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd


def parse_lines(block: np.ndarray, num_classes: int | None):
    """The lines of a block.

    Args:
        block: (B,) uint8, text and ``PADDING`` zeros.
        num_classes: labels are below it; None allows any.

    Returns:
        tuple: for each line, (M,), the first byte and the length of its path, its label, and whether it has both.
    """
    newlines = np.flatnonzero(block[:-PADDING] == ord('\n'))
    if not len(newlines) or newlines[-1] != len(block) - PADDING - 1:
        newlines = np.append(newlines, len(block) - PADDING)  # the very last line, without a line feed
    begins = np.append(0, newlines[:-1] + 1)
    ends = _move_while(BLANK, block, newlines, -1, begins)
    cursor = ends.copy()
    labels = np.zeros(len(ends), np.int64)
    active = np.ones(len(ends), bool)
    for power in 10 ** np.arange(MAX_DIGITS):
        digits = block[cursor - 1] - np.uint8(ord('0'))  # what isn't a digit wraps to more than 9
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


def _move_while(kind: np.ndarray, block: np.ndarray, cursor: np.ndarray, step: int, limit: np.ndarray) -> np.ndarray:
    """Moves each cursor to ``limit`` over bytes of a ``kind``: those before it (step -1) or from it on (step 1)."""
    cursor = cursor.copy()
    while True:
        moving = kind[block[cursor - 1 if step < 0 else cursor]] & (cursor != limit)
        if not moving.any():
            return cursor
        cursor += step * moving


def hash_each(block: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """A 64-bit hash of each ``block[start:start + length]``, (M,) uint64, in a block that ends with ``PADDING``."""
    words = np.ndarray(len(block) - 7, '<u8', block, strides=(1,))
    hashes = lengths.astype(np.uint64)
    for offset in range(0, lengths.max(), 8):
        rows = np.flatnonzero(lengths > offset)
        word = words[starts[rows] + offset] & LOW_BYTES[np.minimum(lengths[rows] - offset, 8)]
        mixed = (hashes[rows] ^ word) * MULTIPLIER
        hashes[rows] = mixed ^ (mixed >> np.uint64(29))
    return hashes
