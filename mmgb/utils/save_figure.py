"""Write figures as PNG and SVG files."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure


def save_figure(figure: Figure, path: Path) -> list[Path]:
    """Write a figure as ``path`` + .png and .svg; equal figures give equal files.

    Args:
        figure (Figure): figure to write.
        path (Path): path without a suffix, in an existing folder.

    Returns:
        list[Path]: the two files.
    """
    files = [path.with_name(path.name + suffix) for suffix in ('.png', '.svg')]
    with matplotlib.rc_context({'svg.hashsalt': 'mmgb'}):
        figure.savefig(files[0])
        figure.savefig(files[1], metadata={'Date': None})
    return files
