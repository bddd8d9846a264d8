"""Hostile image lists, against a slow reader of one line after the other."""

from __future__ import annotations

import posixpath
from pathlib import Path

import numpy as np

from mmgb.datasets.image_list_parser import read_image_list

from .campaign import UNCHANGED, VALID, WRONG, Attempt
from .damage import with_damaged_bytes

CLASSES = 12
INTACT = ''.join(
    f'/{chr(97 + index % 5)}/scène {index}/{index:04}.jpg {index % CLASSES}\n' for index in range(40)
).encode()
PARTS = (b'a/b.jpg 3', b'/x y.png\t11', b' ', b'\r\n', b'\n', b'\0', b'..', b'/../', b'1', b'-1', b'12', b'3.0')
PARTS += (b'\xef\xbb\xbf', b'\xff', '漢/é.jpg 0'.encode(), b'\x85', b'9' * 30, b'a' * 9000, b'\t\t', b'\x1f', b'\r')


def hostile_lists(folder: Path) -> Attempt:
    """Damage a list, or make one of random parts. What is accepted must be what the slow reader finds."""
    intact = read_plainly(INTACT)

    def attempt(rng: np.random.Generator) -> str:
        kind = int(rng.integers(8))
        content = with_damaged_bytes(INTACT, rng, kind) if kind < 6 else _of_parts(rng)
        images = read_image_list(content, CLASSES)
        found = [(images[index]['img_path'], images[index]['gt_label']) for index in range(len(images))]
        if found == intact:
            return UNCHANGED
        return VALID if found == read_plainly(content) else WRONG

    return attempt


def read_plainly(content: bytes) -> list[tuple[str, int]] | None:
    """Return path and label of each line, or None if the list is invalid."""
    text = content.removeprefix(b'\xef\xbb\xbf').decode()
    entries, seen = [], set()
    for line in text.rstrip(' \t\r\n').split('\n'):
        line = line.rstrip('\r').strip(' \t\r')
        path, _, label = line.replace('\t', ' ').rpartition(' ')
        path = line[: len(path)].strip(' \t').lstrip(' \t/')
        valid = label.isascii() and label.isdigit() and int(label) < CLASSES and path and path not in seen
        if not valid or any(char < ' ' and char != '\t' for char in line) or '\ufeff' in line:
            return None
        if posixpath.normpath(path).split('/')[0] == '..':
            return None
        seen.add(path)
        entries.append((path, int(label)))
    return entries


def _of_parts(rng: np.random.Generator) -> bytes:
    return b''.join(PARTS[index] for index in rng.integers(len(PARTS), size=int(rng.integers(1, 12))))
