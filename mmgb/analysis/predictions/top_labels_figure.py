"""A grid of images with the classes that a network finds most likely, as the Relay paper's Figures 3 and 4."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Inches, of a cell: the place of its image, the title above, a line of text below, and the gap around.
IMAGE_WIDTH, IMAGE_HEIGHT, TITLE, LINE, GAP = 2.0, 1.5, 0.28, 0.17, 0.12
MAX_LETTERS = 22  # of a class's name; a longer one is cut
RIGHT = '#1a7f37'


class Prediction(NamedTuple):
    """Attributes:
    image: (H, W, 3) RGB or (H, W) grey, uint8.
    truth: the names of the right classes.
    top: ``(name, score)`` of the most likely classes, the best first.
    """

    image: np.ndarray
    truth: tuple[str, ...]
    top: list[tuple[str, float]]


def top_labels_figure(predictions: Sequence[Prediction], columns: int = 4) -> Figure:
    """One cell a prediction: the truth, the image, and the top classes with their scores, a right one in bold green."""
    rows = -(-len(predictions) // columns)
    cell_width = IMAGE_WIDTH + 2 * GAP
    cell_height = TITLE + IMAGE_HEIGHT + LINE * max(len(prediction.top) for prediction in predictions) + 2 * GAP
    width, height = cell_width * columns, cell_height * rows
    figure = Figure(figsize=(width, height), dpi=110)
    for index, prediction in enumerate(predictions):
        row, column = divmod(index, columns)
        left, bottom = column * cell_width + GAP, height - row * cell_height - TITLE - IMAGE_HEIGHT
        axes = figure.add_axes((left / width, bottom / height, IMAGE_WIDTH / width, IMAGE_HEIGHT / height))
        axes.imshow(prediction.image, cmap='gray', vmin=0, vmax=255, interpolation='bilinear')
        _fill_place(axes, *prediction.image.shape[:2])
        axes.set_title(shortened(', '.join(prediction.truth)), fontsize=9, pad=4)
        for line, (name, score) in enumerate(prediction.top, 1):
            right = name in prediction.truth
            style = dict(
                transform=axes.transAxes,
                fontsize=8,
                va='bottom',
                color=RIGHT if right else 'black',
                weight='bold' if right else 'normal',
            )
            y = -line * LINE / IMAGE_HEIGHT - 0.02
            axes.text(0, y, shortened(name), ha='left', **style)
            axes.text(1, y, f'{score:.3f}', ha='right', **style)
    return figure


def _fill_place(axes: Axes, height: int, width: int) -> None:
    """Centres an image in its place, whatever its aspect ratio, so that the text below keeps its own."""
    scale = max(height / IMAGE_HEIGHT, width / IMAGE_WIDTH) / 2
    axes.set_xlim((width - 1) / 2 - scale * IMAGE_WIDTH, (width - 1) / 2 + scale * IMAGE_WIDTH)
    axes.set_ylim((height - 1) / 2 + scale * IMAGE_HEIGHT, (height - 1) / 2 - scale * IMAGE_HEIGHT)
    axes.axis('off')


def shortened(name: str) -> str:
    return name if len(name) <= MAX_LETTERS else name[: MAX_LETTERS - 1] + '…'
