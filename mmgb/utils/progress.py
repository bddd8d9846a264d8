"""Progress of a long loop: how much is done, the time taken and the time left."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO


def format_duration(seconds: float) -> str:
    """Return a duration as ``'1:02:03 h'``, or as ``'2:03 min'`` if it is below an hour."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02} h' if hours else f'{minutes}:{seconds:02} min'


class Progress:
    """Count what is done of ``total`` and print it from time to time.

    ``str(progress)`` reads ``'3 of 10 images, 0:30 min so far, about 1:10 min to go'``. The time left assumes that
    every item takes the mean time of those already done. As a context manager it prints a final line if the block ends
    without an error::

        with Progress(len(paths), 'images') as progress:
            for path in paths:
                check(path)
                progress.update()

    Args:
        total (int): number of items to do.
        unit (str): plural noun of the items, such as ``'images'``.
        interval (float | None): least time in seconds between two printed lines; None prints nothing, for callers that
            put ``str(progress)`` into their own messages. Default: 10.
        stream (TextIO | None): stream to print to. Default: None, standard error.
    """

    def __init__(self, total: int, unit: str, interval: float | None = 10.0, stream: TextIO | None = None) -> None:
        self.total = total
        self.unit = unit
        self.interval = interval
        self.stream = stream
        self.done = 0
        self.started = self.printed = time.monotonic()

    def update(self, count: int = 1) -> None:
        """Add ``count`` finished items, and print a line if ``interval`` seconds have passed since the last one."""
        self.done += count
        if self.interval is not None and time.monotonic() - self.printed >= self.interval and self.done < self.total:
            self._print()

    def __str__(self) -> str:
        elapsed = time.monotonic() - self.started
        text = f'{self.done} of {self.total} {self.unit}, {format_duration(elapsed)} so far'
        if 0 < self.done < self.total:
            left = elapsed / self.done * (self.total - self.done)
            text += f', about {format_duration(left)} to go'
        return text

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self.interval is not None:
            self._print()

    def _print(self) -> None:
        self.printed = time.monotonic()
        print(self, file=self.stream or sys.stderr, flush=True)
