"""Facts about a recipe that only the name of its config tells; configs/README.md has the grammar of the names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

DEFAULT_LENGTH = 10_000
LENGTHS = {  # training images, which decide how many steps an epoch of the schedule has
    'in1k': 1_281_167,
    'places2': 8_100_000,
    'voc12aug': 10_582,
    'voc12sbd': 8_398,
    'cifar10': 50_000,
    'cifar100': 50_000,
    'mnist': 60_000,
}


class RecipeName(NamedTuple):
    """The part of a config's name that the check needs.

    Attributes:
        processes: number of processes that train together; 1 if the name has no ``8xb32``.
        side: height of the training images in pixels, or None if the name has no ``224x224``.
        length: number of training images; ``DEFAULT_LENGTH`` for an unknown data set.
        width: width of the training images in pixels, or None.
    """

    processes: int
    side: int | None
    length: int
    width: int | None = None


def parse_name(path: str | Path) -> RecipeName:
    """Return what the name of a config file tells; every part is optional."""
    stem = Path(path).stem
    processes = re.search(r'_(\d+)xb\d+(?=-|_|$)', stem)
    size = size_in_name(stem)
    data = re.search(rf'_({"|".join(LENGTHS)})(?=-|_|$)', stem)
    return RecipeName(
        int(processes[1]) if processes else 1,
        size[0] if size else None,
        LENGTHS[data[1]] if data else DEFAULT_LENGTH,
        size[1] if size else None,
    )


def size_in_name(stem: str) -> tuple[int, int] | None:
    """Return height and width of the images in pixels from the last ``224x224`` in a config's name, None without."""
    sizes = re.findall(r'(?<=[-_])(\d+)x(\d+)(?=-|_|$)', stem)
    return (int(sizes[-1][0]), int(sizes[-1][1])) if sizes else None
