"""Parse image lists with numpy over the bytes of many lines at once: 8.1 million lines take seconds."""

from __future__ import annotations

import posixpath
import re

import numpy as np

from mmgb.functional.errors import ConfigError, shorten

from .image_list import ImageList
from .shared_array import SharedArray

BOM = b'\xef\xbb\xbf'
BLANK = np.isin(np.arange(256), list(b' \t\r'))  # separates path and label, or precedes the line feed
LEADING = np.isin(np.arange(256), list(b' \t/'))  # the official lists write /a/airfield/… below the images' root
PARENT = re.compile(rb'\.\.(?![^\s/])')  # may end a longer name; the search for a constant start is fast
LONGEST_LINE = 8192  # bytes, twice the longest path of Linux; the vectorised loops take a step per byte of a line
SHOWN = 80  # characters of a line in a message
MAX_DIGITS = 9  # of a label, so that it fits an int32
PADDING = 8  # zeros after a block's text, because a hash reads eight bytes at once
LOW_BYTES = np.array([2 ** (8 * n) - 1 for n in range(9)], np.uint64)
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd


def read_image_list(
    content: bytes,
    num_classes: int | None = None,
    block_bytes: int = 1 << 24,
    with_label: bool = True,
    rooted: bool = True,
) -> ImageList:
    """Parse a list whose lines contain a path, blanks and a class index.

    A path may contain blanks. Blanks before a path are dropped. The time is linear in the size of the list, whatever
    its bytes are.

    Args:
        content (bytes): UTF-8 text of the list; the result refers to it instead of copying it.
        num_classes (int | None): number of classes; labels must be 0 to ``num_classes - 1``. Default: None, any
            non-negative label.
        block_bytes (int): size of the blocks in which the text is processed, in bytes; it bounds the temporary memory.
        with_label (bool): False for a list of paths alone. Default: True.
        rooted (bool): True if the paths are relative to a folder of images: slashes before a path are dropped, and
            a path that leaves the folder by ``..`` is refused. False keeps both. Default: True.

    Raises:
        ValueError: if the list is empty; if a line isn't UTF-8, has a control character or more than ``LONGEST_LINE``
            bytes, has no label or one outside the classes, repeats an earlier path, or leaves the folder of images. The
            message begins with the number of the line.
    """
    if content.startswith(BOM):
        content = content[len(BOM) :]
    end = _end_of_text(content)
    if end == 0:
        raise ConfigError('the list is empty')
    count = content.count(b'\n', 0, end) + 1
    starts = np.empty(count, np.min_scalar_type(end))
    lengths, labels = np.empty((2, count), np.int32)
    hashes = np.empty(count, np.uint64)
    done = begin = 0
    while begin < end:
        stop = _end_of_line(content, begin, min(begin + block_bytes, end), end)
        block = np.zeros(stop - begin + PADDING, np.uint8)
        block[: stop - begin] = np.frombuffer(content, np.uint8, stop - begin, begin)
        if block.max() > 127:
            _check_utf8(content[begin:stop], done)
        first, length, label, valid = parse_lines(block, num_classes, with_label, rooted)
        if not valid.all():
            invalid = int(np.argmin(valid))
            fault = _describe_fault(_line(content, begin, stop, invalid), num_classes, with_label)
            raise ConfigError(f'line {done + invalid + 1}: {fault}')
        if rooted:
            _check_parents(content, begin, stop)
        rows = slice(done, done + len(first))
        starts[rows], lengths[rows], labels[rows] = first + begin, length, label
        hashes[rows] = hash_each(block, first, length)
        done, begin = rows.stop, stop
    columns = (starts, lengths, labels) if with_label else (starts, lengths)
    images = ImageList(*map(SharedArray, (np.frombuffer(content, np.uint8), *columns)))
    _check_distinct(images, hashes)
    return images


def parse_lines(
    block: np.ndarray, num_classes: int | None, with_label: bool = True, rooted: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Split each line of a block into its path and its label.

    Args:
        block (np.ndarray): (B,) uint8, text followed by ``PADDING`` zeros.
        num_classes (int | None): exclusive upper bound of the labels, or None for no bound.
        with_label (bool): whether lines have a label. Default: True.
        rooted (bool): whether slashes before a path are dropped. Default: True.

    Returns:
        Four arrays (M,), one entry per line: first byte of the path, length of the path, label (0 without labels), and
        whether the line has a path and a valid label, no control character and at most ``LONGEST_LINE`` bytes.
    """
    newlines = np.flatnonzero(block[:-PADDING] == ord('\n'))
    if not len(newlines) or newlines[-1] != len(block) - PADDING - 1:
        newlines = np.append(newlines, len(block) - PADDING)  # the last line may lack a line feed
    begins = np.append(0, newlines[:-1] + 1)
    valid = newlines - begins <= LONGEST_LINE
    _mark_control_characters(block, newlines, valid)
    ends = _move_while(BLANK, block, np.where(valid, newlines, begins), -1, begins)
    labels = np.zeros(len(ends), np.int64)
    cursor = ends
    if with_label:
        cursor = _read_labels(block, begins, ends, labels)
        valid &= (cursor < ends) & BLANK[block[cursor - 1]]
    path_ends = _move_while(BLANK, block, cursor, -1, begins)
    path_begins = _move_while(LEADING if rooted else BLANK, block, begins, 1, path_ends)
    valid &= path_begins < path_ends
    if num_classes is not None:
        valid &= labels < num_classes
    return path_begins, path_ends - path_begins, labels, valid


def _read_labels(block: np.ndarray, begins: np.ndarray, ends: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Add the number at the end of each line to ``labels`` and return where its first digit is, (M,)."""
    cursor = ends.copy()
    active = np.ones(len(ends), bool)
    for power in 10 ** np.arange(MAX_DIGITS):
        digits = block[cursor - 1] - np.uint8(ord('0'))  # any other character wraps to more than 9
        active &= (digits < 10) & (cursor > begins)
        if not active.any():
            break
        labels += np.where(active, digits * power, 0)
        cursor -= active
    return cursor


def _mark_control_characters(block: np.ndarray, newlines: np.ndarray, valid: np.ndarray) -> None:
    """Set ``valid`` to False for lines with a control character, except tabs, and carriage returns at their end."""
    text = block[:-PADDING]
    if np.count_nonzero(text < 32) == np.count_nonzero(newlines < len(text)):
        return
    places = np.flatnonzero(text < 32)
    found, following = block[places], block[places + 1]
    line_end = (found == ord('\r')) & np.isin(following, list(b'\r\n\0'))
    forbidden = places[~(np.isin(found, list(b'\t\n')) | line_end)]
    valid[np.searchsorted(newlines, forbidden)] = False


def hash_each(block: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return a 64-bit hash of each ``block[start:start + length]``, (M,) uint64; ``block`` ends with ``PADDING``."""
    words = np.ndarray(len(block) - 7, '<u8', block, strides=(1,))
    hashes = lengths.astype(np.uint64)
    rows = np.arange(len(lengths))
    for offset in range(0, lengths.max(), 8):
        rows = rows[lengths[rows] > offset]
        word = words[starts[rows] + offset] & LOW_BYTES[np.minimum(lengths[rows] - offset, 8)]
        mixed = (hashes[rows] ^ word) * MULTIPLIER
        hashes[rows] = mixed ^ (mixed >> np.uint64(29))
    return hashes


def _move_while(kind: np.ndarray, block: np.ndarray, cursor: np.ndarray, step: int, limit: np.ndarray) -> np.ndarray:
    """Move each cursor towards ``limit`` over bytes of a ``kind``: before it if step is -1, from it on if 1."""
    cursor = cursor.copy()
    before = 1 if step < 0 else 0
    rows = np.flatnonzero(kind[block[cursor - before]] & (cursor != limit))
    while len(rows):
        cursor[rows] += step
        places = cursor[rows]
        rows = rows[kind[block[places - before]] & (places != limit[rows])]
    return cursor


def _end_of_text(content: bytes) -> int:
    """Return the length of ``content`` without the blanks and line ends at its end."""
    end = len(content)
    while end:
        tail = content[max(0, end - LONGEST_LINE) : end]
        kept = len(tail.rstrip(b' \t\r\n'))
        end -= len(tail) - kept
        if kept:
            break
    return end


def _line(content: bytes, begin: int, stop: int, number: int) -> bytes:
    """Return line ``number``, from 0, of ``content[begin:stop]`` without its line feed."""
    newlines = np.flatnonzero(np.frombuffer(content, np.uint8, stop - begin, begin) == ord('\n')) + begin
    first = begin if number == 0 else newlines[number - 1] + 1
    return content[first : newlines[number] if number < len(newlines) else stop]


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
    """Check that ``text`` is UTF-8 without a byte order mark inside."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        line = lines_before + text.count(b'\n', 0, error.start) + 1
        raise ConfigError(
            f'line {line}: expected UTF-8, got byte 0x{text[error.start]:02x}; convert the list, e.g. with '
            'iconv -f LATIN1 -t UTF-8'
        ) from error
    place = text.find(BOM)
    if place >= 0:
        line = lines_before + text.count(b'\n', 0, place) + 1
        raise ConfigError(f'line {line}: expected a byte order mark only at the start of the list; remove it')


def _check_parents(content: bytes, begin: int, stop: int) -> None:
    """Check that no path in ``content[begin:stop]`` leaves its folder by ``..``."""
    while found := PARENT.search(content, begin, stop):
        first = content.rfind(b'\n', 0, found.start()) + 1
        last = content.find(b'\n', found.start(), stop)
        begin = stop if last < 0 else last
        path = content[first:begin].lstrip(b' \t/')
        if PARENT.match(posixpath.normpath(path)):
            line = content.count(b'\n', 0, first) + 1
            shown = shorten(path.decode().strip(), SHOWN)
            raise ConfigError(f"line {line}: expected a path below the folder of images, got '{shown}'")


def _describe_fault(line: bytes, num_classes: int | None, with_label: bool) -> str:
    """Return why ``parse_lines`` refuses a line."""
    if b'\r' in line.rstrip(b'\r'):
        return 'expected lines that end in LF or CR LF, got a lone CR; convert the list, e.g. with mac2unix'
    if len(line) > LONGEST_LINE:
        return f'expected at most {LONGEST_LINE} bytes, got {len(line)}'
    text = line.decode().rstrip('\r').strip(' \t')
    control = next((char for char in text if char < ' ' and char != '\t'), None)
    if control is not None:
        return f'expected no control characters, got 0x{ord(control):02x}; is it a text file in UTF-8?'
    shown = shorten(text, SHOWN)
    if not with_label:
        return f"expected a path, got '{shown}'"
    path, _, label = text.replace('\t', ' ').rpartition(' ')
    if not path.strip(' /'):
        return f"expected a path, a blank and a class index, got '{shown}'; with_label=False reads paths alone"
    last = 10**MAX_DIGITS - 1 if num_classes is None else num_classes - 1
    return f"label '{shorten(label, SHOWN)}': expected a class index from 0 to {last}"
