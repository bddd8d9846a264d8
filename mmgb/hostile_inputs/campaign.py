"""Try many hostile inputs of one kind, and count how they end.

An input ends in one of these ways:

- *refused*: by a ConfigError, or in the way that the reader documents;
- *unchanged*: accepted, and the result is that of the intact input;
- *valid*: accepted, and an independent reader accepts it too, with the same result;
- *wrong*: accepted, although none of these holds;
- *traceback*: any other exception.

Each input depends only on the seed and its number, so that a single one can be repeated.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mmgb.functional.errors import LONGEST_MESSAGE, ConfigError

REFUSED, UNCHANGED, VALID, WRONG, TRACEBACK = 'refused', 'unchanged', 'valid', 'wrong', 'traceback'
FAILURES = (WRONG, TRACEBACK)
SHOWN = 5  # failures that a report names

# Draws one input, has it read, and returns UNCHANGED, VALID or WRONG, REFUSED or a ConfigError.
Attempt = Callable[[np.random.Generator], str]
# Prepares intact inputs in an empty folder, and returns the attempt.
Kind = Callable[[Path], Attempt]


def run_campaign(kind: Kind, folder: Path, seed: int, count: int) -> dict[str, Any]:
    """Return the counts of ``count`` inputs, the longest time of one, and the first failures, for JSON.

    Args:
        kind (Kind): kind of inputs.
        folder (Path): empty folder for files.
        seed (int): seed of the inputs.
        count (int): number of inputs.
    """
    attempt = kind(folder)
    endings: Counter[str] = Counter()
    failures, slowest = [], 0.0
    for number in range(count):
        begin = time.process_time()
        ending, text = try_one(attempt, np.random.default_rng([seed, number]))
        slowest = max(slowest, time.process_time() - begin)
        endings[ending] += 1
        if ending in FAILURES and len(failures) < SHOWN:
            failures.append(dict(number=number, ending=ending, text=text))
    names = (REFUSED, UNCHANGED, VALID, WRONG, TRACEBACK)
    counts = {name: endings[name] for name in names}
    return dict(seed=seed, count=count, **counts, slowest_s=round(slowest, 3), failures=failures)


def try_one(attempt: Attempt, rng: np.random.Generator) -> tuple[str, str]:
    """Return how one input ends, and the text of its exception, if any."""
    try:
        return attempt(rng), ''
    except ConfigError as error:
        text = str(error)
        return (REFUSED if is_sentence(text) else TRACEBACK), text
    except Exception as error:  # what a user would see as a traceback
        return TRACEBACK, f'{type(error).__name__}: {error}'


def is_sentence(text: str) -> bool:
    """Return True if an error message is one line of a readable length."""
    return 0 < len(text) <= LONGEST_MESSAGE and '\n' not in text and text.isprintable()
