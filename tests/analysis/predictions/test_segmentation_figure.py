"""Figure that compares segmentation runs."""

import io

import numpy as np
from PIL import Image

from mmgb.analysis.predictions.segmentation_figure import class_colours, segmentation_figure


def test_classes_have_distinct_colours_the_background_black_and_the_ignored_label_white():
    colours = class_colours(21)
    assert colours[0].tolist() == [0, 0, 0] and colours[255].tolist() == [255, 255, 255]
    assert len({tuple(colour) for colour in colours[:21]}) == 21


def test_figure_shows_every_curve_and_every_picture():
    labels = np.zeros((9, 8), np.uint8)
    labels[2:4] = 5
    scene = {'image': np.full((9, 8, 3), 200, np.uint8), 'truth': labels, 'exp-GB': labels}
    figure = segmentation_figure({'exp-GB': [(1, 10.0), (2, 20.0)]}, 'mIoU', [scene, scene], 11)
    curves, *pictures = figure.axes
    assert curves.lines[0].get_xydata().tolist() == [[1, 10], [2, 20]]
    assert [axes.get_title() for axes in pictures] == ['image', 'truth', 'exp-GB', '', '', '']
    assert (pictures[0].images[0].get_array() == scene['image']).all()
    assert (pictures[2].images[0].get_array() == class_colours(11)[labels]).all()
    buffer = io.BytesIO()
    figure.savefig(buffer)
    assert np.asarray(Image.open(buffer).convert('RGB')).std() > 0
