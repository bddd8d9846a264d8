"""Figure that compares segmentation runs: learning curves, and predictions next to the ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

CURVE_COLUMNS = 2  # width of the curves, in columns of pictures


def segmentation_figure(
    curves: Mapping[str, Sequence[tuple[int, float]]],
    metric: str,
    scenes: Sequence[Mapping[str, np.ndarray]],
    num_classes: int,
) -> Figure:
    """Draw the learning curves on the left and, on the right, one row of pictures per scene.

    Args:
        curves (Mapping[str, Sequence[tuple[int, float]]]): name of the run to ``(epoch, value)``.
        metric (str): name of the values, which are in percent.
        scenes (Sequence[Mapping[str, np.ndarray]]): title to picture, with the same titles in each scene. A picture is
            an RGB image (H, W, 3) or a label map (H, W), in which the ignored label 255 is drawn white.
        num_classes (int): number of classes in the label maps.
    """
    titles = list(scenes[0])
    figure = Figure(
        figsize=(2.1 * (len(titles) + CURVE_COLUMNS) + 0.8, 2.2 * len(scenes) + 0.4), dpi=110, layout='constrained'
    )
    grid = figure.add_gridspec(len(scenes), len(titles) + CURVE_COLUMNS)
    axes = figure.add_subplot(grid[:, :CURVE_COLUMNS])
    for name, curve in curves.items():
        axes.plot(*zip(*curve), marker='o', markersize=3, label=name)
    axes.set(xlabel='epoch', ylabel=f'{metric} (%), validation')
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend()
    palette = class_colours(num_classes)
    for row, scene in enumerate(scenes):
        for column, title in enumerate(titles):
            axes = figure.add_subplot(grid[row, CURVE_COLUMNS + column])
            picture = scene[title]
            axes.imshow(picture if picture.ndim == 3 else palette[picture], interpolation='nearest')
            axes.axis('off')
            if row == 0:
                axes.set_title(title, fontsize=10)
    return figure


def class_colours(num_classes: int) -> np.ndarray:
    """Return 256 RGB colours: black for the background, distinct hues for the other classes, white for 255."""
    colours = np.full((256, 3), 255, np.uint8)
    hues = np.linspace(0, 1, num_classes - 1, endpoint=False)
    colours[0] = 0
    colours[1:num_classes] = np.round(255 * matplotlib.colormaps['hsv'](hues)[:, :3] * 0.9)
    return colours
