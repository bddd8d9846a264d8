"""The curves of swapped losses: crops of the images with their labels, and a figure of all losses."""

import numpy as np
import pytest
from helpers.tiny_runs import TOOLS
from PIL import Image


@pytest.fixture
def benchmark(monkeypatch):
    from mmgb import compat

    monkeypatch.setattr(compat, 'apply', lambda: None)  # it would stay applied in the tests that follow
    monkeypatch.syspath_prepend(str(TOOLS / 'benchmarks'))
    import swap_curves

    return swap_curves


def test_crops_are_reproducible_parts_of_images_with_their_labels(benchmark, tmp_path):
    for part in ('JPEGImages', 'SegmentationClass', 'ImageSets/Segmentation'):
        (tmp_path / part).mkdir(parents=True)
    for index in range(3):
        labels = np.full((40, 50), index, np.uint8)
        Image.fromarray(np.repeat(labels[..., None] * 50, 3, -1)).save(
            tmp_path / f'JPEGImages/{index}.jpg', quality=100
        )
        Image.fromarray(labels).save(tmp_path / f'SegmentationClass/{index}.png')
    (tmp_path / 'ImageSets/Segmentation/train.txt').write_text('0\n1\n2\n')
    found = [list(benchmark.crops(tmp_path, 32, 2, steps=3)) for _ in range(2)]
    assert len(found[0]) == 3
    for first, again in zip(*found):
        for image, other, sample in zip(first['inputs'], again['inputs'], first['data_samples']):
            assert image.shape == (3, 32, 32) and (image == other).all()
            (label,) = sample.gt_sem_seg.data.unique().tolist()
            assert abs(image.float().mean() - 50 * label) < 2


def test_the_figure_has_a_loss_and_an_accuracy_for_each_network(benchmark):
    run = dict(loss=[4.0, 2.0, 1.0, 1.0, 1.0, 1.0], accuracy=[10.0, 20.0, 30.0, 40.0, 50.0, 60.0])
    figure = benchmark.draw({'a': dict(softmax=run, other=run), 'b': dict(softmax=run)})
    assert len(figure.axes) == 4
    assert [line.get_ydata()[0] for line in figure.axes[0].get_lines()] == pytest.approx([9 / 20] * 2)
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == ['softmax', 'other']
