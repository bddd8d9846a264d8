import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

SCRIPT = Path(__file__).parents[2] / 'tools' / 'dataset_converters' / 'make_digits_voc.py'
spec = importlib.util.spec_from_file_location('make_digits_voc', SCRIPT)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)

INK, LABELS = load_digits().images / 16, load_digits().target


def make_digits(out, *options, **environment):
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(out), *options],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def assert_one_sentence(result, *parts):
    assert result.returncode == 2
    assert result.stderr.startswith('make_digits_voc: ') and result.stderr.count('\n') == 1, result.stderr
    for part in parts:
        assert part in result.stderr


def bytes_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


SMALL = ('--train', '20', '--val', '10', '--size', '64')


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp('digits')
    result = make_digits(out, *SMALL)
    assert result.returncode == 0, result.stderr
    assert '30/30 scenes' in result.stdout
    return out


def single_digit(index, seed, size=96):
    rng = np.random.default_rng(seed)
    return tool.compose_scene(rng, INK[index][None], LABELS[index][None], size)


def test_the_layout_is_that_of_voc_2012(made):
    train, val = (made / f'VOC2012/ImageSets/Segmentation/{split}.txt' for split in ('train', 'val'))
    names = train.read_text().splitlines() + val.read_text().splitlines()
    assert len(train.read_text().splitlines()) == 20 and len(set(names)) == 30
    for folder, suffix in (('JPEGImages', '.jpg'), ('SegmentationClass', '.png')):
        files = sorted(path.name for path in (made / 'VOC2012' / folder).iterdir())
        assert files == sorted(name + suffix for name in names)
    assert sorted(path.name for path in made.iterdir()) == ['VOC2012']


def test_masks_are_palette_images_in_vocs_colours(made):
    from mmseg.datasets import PascalVOCDataset

    for path in (made / 'VOC2012/SegmentationClass').iterdir():
        mask = Image.open(path)
        assert mask.mode == 'P' and mask.size == (64, 64)
        palette = np.array(mask.getpalette()).reshape(-1, 3)
        assert palette[:21].tolist() == PascalVOCDataset.METAINFO['palette']
        assert palette[255].tolist() == [224, 224, 192]  # the cream of VOC's borders


def test_labels_are_0_to_10_and_255_and_each_occurs_in_both_splits(made):
    for split in ('train', 'val'):
        paths = (made / 'VOC2012/SegmentationClass').glob(f'{split}_*.png')
        labels = set(np.unique([np.array(Image.open(path)) for path in paths]))
        assert labels == {*range(11), 255}


def test_the_bytes_depend_on_the_seed_and_not_on_the_number_of_jobs(made, tmp_path):
    for key, option, value in (('one', '--jobs', '1'), ('three', '--jobs', '3'), ('seed', '--seed', '1')):
        assert make_digits(tmp_path / key, *SMALL, option, value).returncode == 0
    first, other_seed = bytes_below(made), bytes_below(tmp_path / 'seed')
    assert first == bytes_below(tmp_path / 'one') == bytes_below(tmp_path / 'three')
    assert first.keys() == other_seed.keys()
    assert not any(first[name] == other_seed[name] for name in first if name.endswith(('.jpg', '.png')))


def test_more_scenes_leave_the_first_ones_as_they_are(made, tmp_path):
    make_digits(tmp_path, '--train', '22', '--val', '10', '--size', '64')
    fewer, more = bytes_below(made), bytes_below(tmp_path)
    assert all(more[name] == fewer[name] for name in fewer if name.endswith(('.jpg', '.png')))


def test_composing_neither_reads_nor_changes_the_global_random_state():
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first = single_digit(0, seed=0)
    assert (np.random.get_state()[1] == before).all()
    np.random.seed(2)
    assert all((a == b).all() for a, b in zip(first, single_digit(0, seed=0)))


@pytest.mark.parametrize('seed', [0, 1])
def test_the_splits_share_no_handwritten_sample_and_scenes_show_only_their_own(seed):
    split = tool.split_samples(LABELS, seed)
    assert sorted([*split['train'], *split['val']]) == list(range(len(LABELS)))
    assert len(np.unique(INK.reshape(len(INK), -1), axis=0)) == len(INK)  # no sample is there twice
    for pool in split.values():
        for index in range(40):
            chosen = tool.choose_samples(np.random.default_rng(index), index, LABELS, pool)
            assert np.isin(chosen, pool).all()
            assert tool.COUNTS[0] <= len(chosen) <= tool.COUNTS[1] and LABELS[chosen[-1]] == index % 10


def test_a_written_scene_is_composed_of_samples_of_its_split(made):
    split = tool.split_samples(LABELS, seed=0)
    for number, name in enumerate(('train', 'val')):
        rng = np.random.default_rng(np.random.SeedSequence((0, number, 7)))
        chosen = tool.choose_samples(rng, 7, LABELS, split[name])
        _, mask = tool.compose_scene(rng, INK[chosen], LABELS[chosen], 64)
        assert (np.array(Image.open(made / f'VOC2012/SegmentationClass/{name}_000007.png')) == mask).all()


def as_8x8(shape):
    """A boolean shape, cut out and centred in a square of 8x8 values: what position and scale leave of it."""
    shape = shape[ndimage.find_objects(shape.astype(int))[0]].astype(np.float32)
    square = np.zeros((max(shape.shape),) * 2, np.float32)
    top, left = (np.array(square.shape) - shape.shape) // 2
    square[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
    return np.asarray(Image.fromarray(square).resize((8, 8), Image.Resampling.BOX)).ravel()


def test_the_mask_of_a_single_digit_holds_its_label_and_its_shape():
    """Nearest neighbours among other digits, enlarged and turned by the test itself, read the shape."""
    shown, known = np.split(np.random.default_rng(0).permutation(len(LABELS))[:1000], [200])
    neighbours = [
        as_8x8(ndimage.rotate(ndimage.zoom(INK[index], 4, order=1), angle) > 0.4)
        for angle in (-20, -10, 0, 10, 20)
        for index in known
    ]
    classifier = KNeighborsClassifier(3).fit(neighbours, np.tile(LABELS[known], 5))
    upright, mirrored = [], []
    for index in shown:
        _, mask = single_digit(index, seed=index)
        assert set(np.unique(mask)) - {255} == {0, LABELS[index] + 1}
        upright.append(as_8x8(mask == LABELS[index] + 1))
        mirrored.append(as_8x8(mask[:, ::-1] == LABELS[index] + 1))
    assert (classifier.predict(upright) == LABELS[shown]).mean() > 0.9
    assert (classifier.predict(mirrored) == LABELS[shown]).mean() < 0.6  # the reading does notice


def test_later_digits_occlude_earlier_ones():
    """One more digit changes the mask to itself or its border, and in some scenes it hides an earlier one."""
    hidden = 0
    for seed in range(20):
        digits = np.array([np.flatnonzero(LABELS == label)[seed] for label in range(7)])
        _, more = tool.compose_scene(np.random.default_rng(seed), INK[digits], LABELS[digits], 96)
        _, fewer = tool.compose_scene(np.random.default_rng(seed), INK[digits[:-1]], LABELS[digits[:-1]], 96)
        changed = more != fewer
        assert (more == 7).any() and set(np.unique(more[changed])) <= {7, 255}
        hidden += (changed & (fewer > 0) & (fewer < 7)).sum()
    assert hidden > 0


@pytest.mark.parametrize('size', [64, 128])
def test_strokes_stand_out_from_the_ground_around_them(size):
    for seed in range(50):
        image, mask = single_digit(seed, seed=seed, size=size)
        stroke = mask == LABELS[seed] + 1
        near = ndimage.binary_dilation(stroke, iterations=6) & ~ndimage.binary_dilation(stroke, iterations=3)
        contrast = image[stroke].mean(axis=0) - image[near].mean(axis=0)
        assert np.linalg.norm(contrast) > 255 * 0.25


def test_a_digit_is_28_to_60_percent_of_the_scene_tall_and_mostly_inside():
    tall = []
    for index in np.flatnonzero(LABELS == 0)[:100]:
        _, mask = single_digit(index, seed=index, size=100)
        tall.append((mask == 1).any(axis=1).sum())
    assert 15 < min(tall) < 35 and 45 < max(tall) <= 75  # the turned box is up to 1.3 times as tall


def test_borders_are_thin_and_touch_their_digit():
    with_border = 0
    for seed in range(40):
        _, mask = single_digit(seed, seed=seed, size=128)
        border = mask == 255
        with_border += border.any()
        assert not (border & ~ndimage.binary_dilation(mask == LABELS[seed] + 1)).any()
    assert 10 <= with_border <= 30


def test_mmseg_reads_the_scenes_with_unchanged_masks(made):
    from mmengine.registry import DefaultScope
    from mmseg.datasets import BaseSegDataset

    with DefaultScope.overwrite_default_scope('mmseg'):
        dataset = BaseSegDataset(
            data_root=str(made / 'VOC2012'),
            ann_file='ImageSets/Segmentation/train.txt',
            data_prefix=dict(img_path='JPEGImages', seg_map_path='SegmentationClass'),
            metainfo=dict(classes=('background', *'0123456789')),
            pipeline=[dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')],
        )
        assert len(dataset) == 20
        split = tool.split_samples(LABELS, seed=0)['train']
        for index in range(20):
            rng = np.random.default_rng(np.random.SeedSequence((0, 0, index)))
            chosen = tool.choose_samples(rng, index, LABELS, split)
            image, mask = tool.compose_scene(rng, INK[chosen], LABELS[chosen], 64)
            data = dataset[index]
            assert (data['gt_seg_map'] == mask).all()
            assert np.abs(data['img'][..., ::-1].astype(int) - image).mean() < 12  # JPEG; mmcv reads BGR


def test_a_second_call_re_uses_and_other_arguments_need_overwrite(tmp_path):
    arguments = ('--train', '1', '--val', '1', '--size', '32')
    assert make_digits(tmp_path, *arguments).returncode == 0
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*')}
    again = make_digits(tmp_path, *arguments, '--jobs', '1')
    assert again.returncode == 0 and 'there already' in again.stdout
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*')} == before

    assert_one_sentence(make_digits(tmp_path, *arguments, '--seed', '5'), 'other arguments', '--overwrite')
    assert make_digits(tmp_path, *arguments, '--seed', '5', '--overwrite').returncode == 0
    record = json.loads((tmp_path / 'VOC2012/made_with.json').read_text())
    assert record == dict(train=1, val=1, size=32, seed=5)


def test_an_interrupted_run_is_made_anew(tmp_path):
    (tmp_path / 'VOC2012.unfinished/JPEGImages').mkdir(parents=True)
    assert make_digits(tmp_path, '--train', '1', '--val', '1', '--size', '32').returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ['VOC2012']


@pytest.mark.parametrize('options', [(), ('--overwrite',)])
def test_a_real_voc2012_is_never_touched(tmp_path, options):
    lists = tmp_path / 'VOC2012/ImageSets/Segmentation'
    lists.mkdir(parents=True)
    (lists / 'train.txt').write_text('2007_000032\n')
    assert_one_sentence(make_digits(tmp_path, *options), 'not made by this tool')
    assert (lists / 'train.txt').read_text() == '2007_000032\n'


@pytest.mark.parametrize(
    'option, value', [('--train', '0'), ('--val', '0'), ('--size', '31'), ('--seed', '-1'), ('--jobs', '0')]
)
def test_options_out_of_range_are_refused_by_name(tmp_path, option, value):
    assert_one_sentence(make_digits(tmp_path, option, value), option, f'got {value}')
    assert not any(tmp_path.iterdir())


def test_an_out_that_is_a_file_is_refused(tmp_path):
    (tmp_path / 'file').write_text('mine')
    assert_one_sentence(make_digits(tmp_path / 'file'), 'OUT', 'cannot be written')
    assert (tmp_path / 'file').read_text() == 'mine'


def test_missing_scikit_learn_is_said_in_one_sentence(tmp_path):
    (tmp_path / 'modules/sklearn').mkdir(parents=True)
    (tmp_path / 'modules/sklearn/__init__.py').write_text('raise ImportError("not here")\n')
    result = make_digits(tmp_path / 'out', PYTHONPATH=str(tmp_path / 'modules'))
    assert_one_sentence(result, 'scikit-learn', 'pip install scikit-learn')
