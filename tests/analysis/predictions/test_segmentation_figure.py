import io

import numpy as np
from PIL import Image

from mmgb.analysis.predictions.segmentation_figure import class_colours, read_scene, segmentation_figure


def test_classes_have_distinct_colours_the_background_black_and_the_unknown_white():
    colours = class_colours(21)
    assert colours[0].tolist() == [0, 0, 0] and colours[255].tolist() == [255, 255, 255]
    assert len({tuple(colour) for colour in colours[:21]}) == 21


def test_figure_shows_every_curve_and_every_picture(tmp_path):
    Image.fromarray(np.full((9, 8, 3), 200, np.uint8)).save(tmp_path / 'a.jpg')
    labels = np.zeros((9, 8), np.uint8)
    labels[2:4] = 5
    for name in ('truth', 'prediction'):
        Image.fromarray(labels).save(tmp_path / f'{name}.png')
    scene = read_scene(tmp_path / 'a.jpg', tmp_path / 'truth.png', {'exp-GB': tmp_path / 'prediction.png'})
    assert list(scene) == ['image', 'truth', 'exp-GB']
    figure = segmentation_figure({'exp-GB': [(1, 10.0), (2, 20.0)]}, 'mIoU', [scene, scene], 11)
    curves, *pictures = figure.axes
    assert curves.lines[0].get_xydata().tolist() == [[1, 10], [2, 20]]
    assert len(pictures) == 6
    assert (pictures[2].images[0].get_array() == class_colours(11)[labels]).all()
    buffer = io.BytesIO()
    figure.savefig(buffer)
    assert np.asarray(Image.open(buffer).convert('RGB')).std() > 0
