"""PNG and SVG files of figures."""

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from mmgb.utils.save_figure import save_figure


def make_figure():
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1], [1, 0], label='clipped', marker='o')
    return figure


def test_equal_figures_give_equal_files(tmp_path):
    first, second = (save_figure(make_figure(), tmp_path / name) for name in ('a', 'b.c'))
    assert [path.name for path in first + second] == ['a.png', 'a.svg', 'b.c.png', 'b.c.svg']
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert np.asarray(Image.open(first[0]).convert('L')).min() < 50 and '<svg' in first[1].read_text()
