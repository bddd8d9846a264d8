"""make_digits_voc.py: files, determinism and existing folders."""

import json

import numpy as np
import pytest
from helpers.converters import assert_refused, convert
from helpers.tiny_runs import run
from PIL import Image
from sklearn.datasets import load_digits

from mmgb.datasets.digit_scenes import choose_samples, compose_scene, split_samples

TOOL = 'make_digits_voc'
INK, LABELS = load_digits().images / 16, load_digits().target


def make_digits(out, *options):
    return convert(TOOL, out, *options)


def bytes_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob('*') if path.is_file()}


SMALL = ('--train', '20', '--val', '10', '--size', '64')


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    out = tmp_path_factory.mktemp('digits')
    result = make_digits(out, *SMALL)
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith('30 of 30 scenes, ')
    return out


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


def test_files_depend_on_the_seed_but_not_on_the_number_of_jobs(made, tmp_path):
    for key, option, value in (('one', '--jobs', '1'), ('three', '--jobs', '3'), ('seed', '--seed', '1')):
        assert make_digits(tmp_path / key, *SMALL, option, value).returncode == 0
    first, other_seed = bytes_below(made), bytes_below(tmp_path / 'seed')
    assert first == bytes_below(tmp_path / 'one') == bytes_below(tmp_path / 'three')
    assert first.keys() == other_seed.keys()
    assert not any(first[name] == other_seed[name] for name in first if name.endswith(('.jpg', '.png')))


def test_more_scenes_leave_the_first_ones_unchanged(made, tmp_path):
    make_digits(tmp_path, '--train', '22', '--val', '10', '--size', '64')
    fewer, more = bytes_below(made), bytes_below(tmp_path)
    assert all(more[name] == fewer[name] for name in fewer if name.endswith(('.jpg', '.png')))


def test_a_written_scene_shows_samples_of_its_split(made):
    split = split_samples(LABELS, seed=0)
    for number, name in enumerate(('train', 'val')):
        rng = np.random.default_rng(np.random.SeedSequence((0, number, 7)))
        chosen = choose_samples(rng, 7, LABELS, split[name])
        _, mask = compose_scene(rng, INK[chosen], LABELS[chosen], 64)
        assert (np.array(Image.open(made / f'VOC2012/SegmentationClass/{name}_000007.png')) == mask).all()


def test_mmseg_loads_the_scenes_with_unchanged_masks(made):
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
        split = split_samples(LABELS, seed=0)['train']
        for index in range(20):
            rng = np.random.default_rng(np.random.SeedSequence((0, 0, index)))
            chosen = choose_samples(rng, index, LABELS, split)
            image, mask = compose_scene(rng, INK[chosen], LABELS[chosen], 64)
            data = dataset[index]
            assert (data['gt_seg_map'] == mask).all()
            assert np.abs(data['img'][..., ::-1].astype(int) - image).mean() < 12  # JPEG; mmcv reads BGR


def test_a_second_run_keeps_the_scenes_and_other_arguments_need_overwrite(tmp_path):
    arguments = ('--train', '1', '--val', '1', '--size', '32')
    assert make_digits(tmp_path, *arguments).returncode == 0
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*')}
    again = make_digits(tmp_path, *arguments, '--jobs', '1')
    assert again.returncode == 0 and 'exists already' in again.stdout
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*')} == before

    result = make_digits(tmp_path, *arguments, '--seed', '5')
    assert_refused(result, TOOL, '"seed": 5}, got', '"seed": 0}', '--overwrite')
    assert make_digits(tmp_path, *arguments, '--seed', '5', '--overwrite').returncode == 0
    record = json.loads((tmp_path / 'VOC2012/made_with.json').read_text())
    assert record == dict(train=1, val=1, size=32, seed=5)


def test_an_interrupted_run_leaves_nothing_and_keeps_the_earlier_scenes(tmp_path, monkeypatch):
    arguments = ('--train', '1', '--val', '1', '--size', '32')
    assert make_digits(tmp_path, *arguments).returncode == 0
    before = bytes_below(tmp_path)

    def fail(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr('mmgb.utils.progress.Progress.update', fail)
    assert make_digits(tmp_path, *arguments, '--seed', '5', '--overwrite').returncode == 130
    assert bytes_below(tmp_path) == before


@pytest.mark.parametrize('options', [(), ('--overwrite',)])
def test_a_real_voc2012_is_left_unchanged(tmp_path, options):
    lists = tmp_path / 'VOC2012/ImageSets/Segmentation'
    lists.mkdir(parents=True)
    (lists / 'train.txt').write_text('2007_000032\n')
    assert_refused(make_digits(tmp_path, *options), TOOL, 'expected a folder made by this tool')
    assert (lists / 'train.txt').read_text() == '2007_000032\n'


@pytest.mark.parametrize(
    'option, value', [('--train', '0'), ('--val', '0'), ('--size', '31'), ('--seed', '-1'), ('--jobs', '0')]
)
def test_options_out_of_range_are_refused_by_name(tmp_path, option, value):
    assert_refused(make_digits(tmp_path, option, value), TOOL, f'{option}={value}: expected at least')
    assert not any(tmp_path.iterdir())


def test_an_out_that_is_a_file_is_refused(tmp_path):
    (tmp_path / 'file').write_text('mine')
    assert_refused(make_digits(tmp_path / 'file'), TOOL, 'OUT=', 'expected a writable folder')
    assert (tmp_path / 'file').read_text() == 'mine'


@pytest.mark.slow
def test_missing_scikit_learn_is_refused_with_its_installation(tmp_path):
    (tmp_path / 'modules/sklearn').mkdir(parents=True)
    (tmp_path / 'modules/sklearn/__init__.py').write_text('raise ImportError("not here")\n')
    result = run(tmp_path, f'dataset_converters/{TOOL}.py', 'out', path=[tmp_path / 'modules'])
    assert result.returncode == 2 and result.stdout.count('\n') == 1
    assert result.stdout.startswith(f'{TOOL}.py: error: scikit-learn') and 'pip install scikit-learn' in result.stdout
