"""Scenes with the predictions of several runs."""

import numpy as np
import pytest
from PIL import Image

from mmgb.analysis.predictions.scenes import read_scenes


def save(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 6, 3) if path.suffix == '.jpg' else (4, 6), value, np.uint8)).save(path)


def make_scenes(folder, names, **predicted):
    """Data set with ``names`` and one work directory per keyword with predictions of its names."""
    for index, name in enumerate(names):
        save(folder / f'voc/JPEGImages/{name}.jpg', 10 * index)
        save(folder / f'voc/SegmentationClass/{name}.png', index)
    for run, found in predicted.items():
        for name in found:
            save(folder / f'{run}/predictions/{name}.png', names.index(name))
    return {run: folder / run for run in predicted}, folder / 'voc'


def test_scenes_that_every_run_predicted_are_spread_evenly(tmp_path):
    runs, data_root = make_scenes(tmp_path, 'abcdefg', one='abcdef', two='bcdefg')
    scenes = read_scenes(runs, data_root, 2)  # of b, c, d, e, f
    assert [list(scene) for scene in scenes] == [['image', 'truth', 'one', 'two']] * 2
    for scene, index in zip(scenes, (1, 5)):
        assert scene['image'].shape == (4, 6, 3) and abs(scene['image'].mean() - 10 * index) < 1
        assert all((scene[name] == index).all() for name in ('truth', 'one', 'two'))


def test_all_common_scenes_are_read_if_there_are_fewer_than_wanted(tmp_path):
    runs, data_root = make_scenes(tmp_path, 'abc', one='ab', two='abc')
    assert len(read_scenes(runs, data_root, 9)) == 2


def test_runs_without_a_common_prediction_are_refused(tmp_path):
    runs, data_root = make_scenes(tmp_path, 'ab', one='a', two='b')
    with pytest.raises(FileNotFoundError, match='no image has a prediction of every run'):
        read_scenes(runs, data_root, 1)


def test_a_ground_truth_in_colours_is_refused_with_its_file(tmp_path):
    runs, data_root = make_scenes(tmp_path, 'a', one='a')
    Image.new('RGB', (6, 4)).save(data_root / 'SegmentationClass/a.png')
    with pytest.raises(ValueError, match=r"SegmentationClass/a.png': expected one channel .* of shape \(4, 6, 3\)"):
        read_scenes(runs, data_root, 1)
