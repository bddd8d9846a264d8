"""Grid of images with their top classes."""

import io

import numpy as np
from matplotlib.colors import to_hex
from PIL import Image

from mmgb.analysis.predictions.top_labels_figure import CORRECT, Prediction, top_labels_figure

TOP = [('sky', 0.5), ('desert', 0.25), ('a class with a very long name', 0.125)]


def prediction(*shape, truth=('desert',)):
    return Prediction(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8), truth, TOP)


def test_each_cell_shows_target_classes_image_and_top_classes_with_scores():
    first, second = prediction(9, 12, 3), prediction(28, 28, truth=('bar', 'kitchen'))
    figure = top_labels_figure([first, second])
    assert [axes.get_title() for axes in figure.axes] == ['desert', 'bar, kitchen']
    for axes, shown in zip(figure.axes, (first, second)):
        assert (axes.images[0].get_array() == shown.image).all()
        assert [text.get_text() for text in axes.texts] == [
            'sky',
            '0.500',
            'desert',
            '0.250',
            'a class with a very l…',
            '0.125',
        ]


def test_only_target_classes_are_marked():
    right, wrong = top_labels_figure([prediction(9, 9), prediction(9, 9, truth=('bar',))]).axes
    assert [to_hex(text.get_color()) == CORRECT for text in right.texts] == [False, False, True, True, False, False]
    assert not any(to_hex(text.get_color()) == CORRECT for text in wrong.texts)


def test_texts_stay_apart_and_inside_the_figure_for_images_of_any_shape():
    shapes = [(9, 12, 3), (40, 10, 3), (10, 60, 3), (28, 28), (7, 7, 3)]
    figure = top_labels_figure([prediction(*shape) for shape in shapes], columns=3)
    buffer = io.BytesIO()
    figure.savefig(buffer)
    width, height = figure.bbox.size
    boxes = [
        box
        for axes in figure.axes
        for box in [axes.get_window_extent(), axes.title.get_window_extent()]
        + [t.get_window_extent() for t in axes.texts]
    ]
    assert all(0 <= box.x0 and box.x1 <= width and 0 <= box.y0 and box.y1 <= height for box in boxes)
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:index])
    assert np.asarray(Image.open(buffer).convert('RGB')).std() > 0
