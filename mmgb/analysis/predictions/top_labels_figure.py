"""Grid of images with their most likely classes, like Figures 3 and 4 of the Relay paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Sizes in a cell, in inches: area of the image, title above it, line of text below it, and gap around it.
IMAGE_WIDTH, IMAGE_HEIGHT, TITLE, LINE, GAP = 2.0, 1.5, 0.28, 0.17, 0.12
MAX_LETTERS = 22  # longer class names are cut
CORRECT = '#1a7f37'


class Prediction(NamedTuple):
    """Image with its target classes and its most likely classes.

    Attributes:
        image (np.ndarray): (H, W, 3) RGB or (H, W) grey, uint8.
        truth (tuple[str, ...]): names of the target classes.
        top (list[tuple[str, float]]): name and score of the most likely classes, the best first.
    """

    image: np.ndarray
    truth: tuple[str, ...]
    top: list[tuple[str, float]]


def top_labels_figure(predictions: Sequence[Prediction], columns: int = 4) -> Figure:
    """Draw one cell per prediction: target classes, image, and top classes with their scores.

    Top classes that are target classes are bold and green.

    Args:
        predictions (Sequence[Prediction]): at least one.
        columns (int): number of cells in a row. Default: 4.
    """
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
        _center_image(axes, *prediction.image.shape[:2])
        axes.set_title(shortened(', '.join(prediction.truth)), fontsize=9, pad=4)
        for line, (name, score) in enumerate(prediction.top, 1):
            correct = name in prediction.truth
            style = dict(
                transform=axes.transAxes,
                fontsize=8,
                va='bottom',
                color=CORRECT if correct else 'black',
                weight='bold' if correct else 'normal',
            )
            y = -line * LINE / IMAGE_HEIGHT - 0.02
            axes.text(0, y, shortened(name), ha='left', **style)
            axes.text(1, y, f'{score:.3f}', ha='right', **style)
    return figure


def _center_image(axes: Axes, height: int, width: int) -> None:
    """Center an image of any aspect ratio in its area, so that the text below doesn't move."""
    scale = max(height / IMAGE_HEIGHT, width / IMAGE_WIDTH) / 2
    axes.set_xlim((width - 1) / 2 - scale * IMAGE_WIDTH, (width - 1) / 2 + scale * IMAGE_WIDTH)
    axes.set_ylim((height - 1) / 2 + scale * IMAGE_HEIGHT, (height - 1) / 2 - scale * IMAGE_HEIGHT)
    axes.axis('off')


def shortened(name: str) -> str:
    """Cut a long name and end it with an ellipsis."""
    return name if len(name) <= MAX_LETTERS else name[: MAX_LETTERS - 1] + '…'
