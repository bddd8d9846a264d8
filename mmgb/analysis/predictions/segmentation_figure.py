"""One picture of several runs: their learning curves, and their predictions beside the truth."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

CURVE_COLUMNS = 2  # the curves' share of the picture's width, in columns of predictions


def segmentation_figure(
    curves: Mapping[str, Sequence[tuple[int, float]]],
    metric: str,
    scenes: Sequence[Mapping[str, np.ndarray]],
    num_classes: int,
) -> Figure:
    """Learning curves on the left; on the right one row a scene, one column for each of its pictures.

    Args:
        curves: name of the run to ``(step, value)``.
        metric: what the values are, in percent.
        scenes: title to picture, the same titles in each: RGB images (H, W, 3), or label maps (H, W) in which 255
            (drawn white) is unknown.
        num_classes: of the label maps.
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
    """256 RGB colours: black for the background, distinct hues for the classes, white for 255."""
    colours = np.full((256, 3), 255, np.uint8)
    hues = np.linspace(0, 1, num_classes - 1, endpoint=False)
    colours[0] = 0
    colours[1:num_classes] = np.round(255 * matplotlib.colormaps['hsv'](hues)[:, :3] * 0.9)
    return colours


def read_scene(image: Path, truth: Path, predictions: Mapping[str, Path]) -> dict[str, np.ndarray]:
    """The pictures of one scene, by title."""
    scene = {'image': np.asarray(Image.open(image).convert('RGB')), 'truth': np.asarray(Image.open(truth))}
    scene.update((name, np.asarray(Image.open(path))) for name, path in predictions.items())
    return scene
