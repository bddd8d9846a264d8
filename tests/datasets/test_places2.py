"""Places2 against mmpretrain's CustomDataset, which reads the same lists into dictionaries."""

import copy
import logging
import pickle
import re

import numpy as np
import pytest
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmengine.registry import DATASETS, DefaultScope
from mmpretrain.datasets import CustomDataset
from PIL import Image

from mmgb.datasets.places2 import Places2
from mmgb.datasets.sample_labels import sample_labels

LOAD = [dict(type='LoadImageFromFile')]
LABELS = [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]


@pytest.fixture
def root(tmp_path):
    """Write ten images of noise, whose first pixel is 10 * position, into three folders, and their official list."""
    rng = np.random.default_rng(0)
    lines = []
    for position, label in enumerate(LABELS):
        path = f'{"abc"[label]}/class {label}/{position:08d}.png'
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        image = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        image[0, 0] = 10 * position
        Image.fromarray(image).save(tmp_path / path)
        lines.append(f'/{path} {label}\n')
    (tmp_path / 'train.txt').write_text(''.join(lines))
    (tmp_path / 'relative.txt').write_text(''.join(line.lstrip('/') for line in lines))
    return tmp_path


def build(root, **kwargs):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return DATASETS.build(dict(type='mmgb.Places2', ann_file='train.txt', data_root=str(root), **kwargs))


def colours(dataset):
    return [int(dataset[i]['img'][0, 0, 0]) // 10 for i in range(len(dataset))]


def paths(dataset):
    return [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]


@pytest.mark.parametrize('indices', [None, 4, -3, [7, 0, 7], (2,), 0])
def test_samples_equal_those_of_mmpretrains_custom_dataset(root, indices):
    ours = build(root, pipeline=LOAD, indices=indices, num_classes=3)
    theirs = CustomDataset(
        ann_file='relative.txt', data_root=str(root), indices=indices, pipeline=LOAD, serialize_data=False
    )
    assert len(ours) == len(theirs)
    assert [ours.get_data_info(i) for i in range(len(ours))] == [theirs.get_data_info(i) for i in range(len(theirs))]
    assert ours.get_gt_labels().tolist() == theirs.get_gt_labels().tolist()
    for i in range(len(ours)):
        assert ours.get_cat_ids(i) == theirs.get_cat_ids(i)
        ours_item, theirs_item = ours[i], theirs[i]
        assert ours_item.keys() == theirs_item.keys()
        assert (ours_item['img'] == theirs_item['img']).all()
    if len(ours):
        assert ours.get_data_info(-1) == theirs.get_data_info(-1)


@pytest.mark.parametrize(
    'indices, expected', [(4, [0, 1, 2, 3]), (-3, [7, 8, 9]), ([7, 0, 7], [7, 0, 7]), (np.array([1, 9]), [1, 9])]
)
def test_get_subset_returns_a_new_dataset_and_get_subset_in_place_changes_it(root, indices, expected):
    dataset = build(root, pipeline=LOAD)
    subset = dataset.get_subset(indices)
    assert colours(subset) == expected and len(dataset) == 10
    assert subset.get_gt_labels().tolist() == [LABELS[i] for i in expected]
    dataset.get_subset_(indices)
    assert paths(dataset) == paths(subset)


def test_mmengines_wrappers_work_on_it(root):
    dataset = build(root, pipeline=LOAD, num_classes=3)
    assert colours(RepeatDataset(dataset, times=2)) == [*range(10), *range(10)]
    assert colours(ConcatDataset([dataset, build(root, pipeline=LOAD, num_classes=3, indices=[5])])) == [*range(10), 5]
    # Repeat factors by the paper's formula: max(1, sqrt(threshold / frequency)), rounded up.
    balanced = ClassBalancedDataset(dataset, oversample_thr=0.5)
    assert colours(balanced) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 9]


def test_lazy_init_defers_reading(root):
    dataset = build(root, lazy_init=True)
    assert "Haven't been initialized" in repr(dataset)
    assert dataset.get_gt_labels().tolist() == LABELS
    assert 'Number of samples: \t10' in repr(dataset) and 'Unreadable images: \traise' in repr(dataset)


def test_labels_are_one_shared_read_only_array(root):
    dataset = build(root)
    assert dataset.get_gt_labels() is dataset.get_gt_labels()
    with pytest.raises(ValueError, match='read-only'):
        dataset.get_gt_labels()[0] = 1


def test_pickling_and_deep_copying_keep_the_samples(root):
    dataset = build(root, pipeline=LOAD, serialize_data=True)
    for twin in (pickle.loads(pickle.dumps(dataset)), copy.deepcopy(dataset)):
        assert paths(twin) == paths(dataset) and twin.get_gt_labels().tolist() == LABELS


def test_a_class_file_provides_class_names_and_bounds_the_labels(root):
    names = root / 'categories.txt'
    names.write_text('/a/class 0 0\n/b/class 1 1\n/c/class 2 2\n')
    assert build(root, classes=str(names)).CLASSES == ('a/class 0', 'b/class 1', 'c/class 2')
    names.write_text('a\nb\n')
    with pytest.raises(ValueError, match="train.txt: line 6: label '2': expected a class index from 0 to 1"):
        build(root, classes=str(names))
    with pytest.raises(ValueError, match='^num_classes=4: expected 2, the number of class names$'):
        build(root, classes=['a', 'b'], num_classes=4)
    names.write_text('a 0\nb 0\n')
    with pytest.raises(ValueError, match='categories.txt: line 2: expected class index 1, got 0'):
        build(root, classes=str(names))


@pytest.mark.parametrize('num_classes, last', [(None, 400), (365, 364)])
def test_the_default_is_401_classes(root, num_classes, last):
    (root / 'train.txt').write_text(f'a/x.jpg {last}\na/y.jpg {last + 1}\n')
    with pytest.raises(ValueError, match=f"line 2: label '{last + 1}': expected a class index from 0 to {last}$"):
        build(root, num_classes=num_classes)


@pytest.mark.parametrize(
    'content, message',
    [
        (b'a/x.jpg 0\na/y.jpg\n', "line 2: expected a path, a blank and a class index, got 'a/y.jpg'"),
        (b'a/x.jpg 0\na/y.jpg 1\n/a/x.jpg 0\n', "line 3: duplicate of line 1, 'a/x.jpg'"),
        ('a/x.jpg 0\na/ü.jpg 1\n'.encode('latin-1'), 'line 2: expected UTF-8, got byte 0xfc'),
        (b'', 'the list is empty'),
    ],
)
def test_an_invalid_list_is_refused_with_its_name_and_line(root, content, message):
    (root / 'train.txt').write_bytes(content)
    with pytest.raises(ValueError) as caught:
        build(root)
    assert str(caught.value).startswith(f'{root}/train.txt: {message}') and '\n' not in str(caught.value)


# ------------------------------------------------------------------------------------- unreadable images


def damage(root, dataset, position, how):
    path = dataset.get_data_info(position)['img_path']
    if how == 'missing':
        (root / path).unlink()
    elif how == 'text':
        (root / path).write_text('no image')
    else:
        (root / path).write_bytes((root / path).read_bytes()[:400])


PILLOW = [dict(type='LoadImageFromFile', imdecode_backend='pillow')]
DAMAGES = [(LOAD, 'missing'), (LOAD, 'text'), (PILLOW, 'missing'), (PILLOW, 'text'), (PILLOW, 'truncated')]


@pytest.mark.parametrize('pipeline, how', DAMAGES)
def test_an_unreadable_image_raises_an_error_that_names_it(root, pipeline, how):
    dataset = build(root, pipeline=pipeline)
    damage(root, dataset, 4, how)
    assert dataset[3]['gt_label'] == 1
    with pytest.raises(OSError, match=r"00000004.png' can't be read \(.*on_error='skip'") as caught:
        dataset[4]
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('pipeline, how', DAMAGES)
def test_skip_uses_the_next_image_and_counts(root, pipeline, how):
    dataset = build(root, pipeline=pipeline, on_error='skip')
    for position in (0, 4, 5, 9):
        damage(root, dataset, position, how)
    assert colours(dataset) == [1, 1, 2, 3, 6, 6, 6, 7, 8, 1]
    assert dataset.num_skipped == 6


def test_skipped_images_are_logged_at_powers_of_two(root, monkeypatch):
    logged = []
    monkeypatch.setattr('mmgb.datasets.unreadable_images.print_log', lambda *args: logged.append(args))
    dataset = build(root, pipeline=LOAD, on_error='skip')
    damage(root, dataset, 4, 'missing')
    for _ in range(9):
        dataset[4]
    assert dataset.num_skipped == 9
    assert [message.rpartition(': ')[2] for message, *_ in logged] == [
        f'image {count} skipped in this process' for count in (1, 2, 4, 8)
    ]
    assert all('00000004.png' in message and level == logging.WARNING for message, _, level in logged)


def test_skipping_ends_after_max_refetch_consecutive_failures(root):
    dataset = build(root, pipeline=LOAD, on_error='skip', max_refetch=2)
    for position in (1, 2, 6, 7, 8):
        damage(root, dataset, position, 'missing')
    assert int(dataset[1]['img'][0, 0, 0]) == 30
    with pytest.raises(OSError, match="3 consecutive images can't be read, the last is .*00000008.png.*data_prefix="):
        dataset[6]


def test_a_wrong_folder_raises_an_error_in_spite_of_skip(root):
    dataset = build(root, data_prefix='nowhere', pipeline=LOAD, on_error='skip')
    with pytest.raises(OSError, match="21 consecutive images .*: check data_prefix='.*nowhere'$"):
        dataset[0]


@pytest.mark.parametrize('on_error', ['raise', 'skip'])
def test_an_error_of_the_pipeline_is_not_blamed_on_the_image(root, on_error):
    def fails(results):
        raise KeyError('a bug')

    dataset = build(root, pipeline=[*LOAD, fails], on_error=on_error)
    with pytest.raises(KeyError, match='a bug'):
        dataset[0]
    assert dataset.num_skipped == 0


def test_iteration_ends_after_the_last_image(root):
    assert len(list(build(root, pipeline=LOAD, on_error='skip'))) == 10


def test_invalid_on_error_is_refused(root):
    with pytest.raises(ValueError, match="on_error='ignore': expected 'raise' or 'skip'"):
        Places2(ann_file='x', on_error='ignore')
    with pytest.raises(ValueError, match="on_error='skip': expected 'raise' with test_mode.*check_image_list.py"):
        Places2(ann_file='x', on_error='skip', test_mode=True)


def test_a_list_without_labels_is_read_with_label_false(root):
    (root / 'test.txt').write_text(re.sub(r' \d\n', '\n', (root / 'train.txt').read_text()))
    labelled = build(root, pipeline=LOAD, num_classes=3)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(
            dict(type='mmgb.Places2', ann_file='test.txt', data_root=str(root), with_label=False, pipeline=LOAD)
        )
    assert paths(dataset) == paths(labelled) and colours(dataset) == list(range(10))
    assert 'gt_label' not in dataset[0] and 'gt_label' not in dataset.get_data_info(3)
    assert paths(dataset.get_subset([3, 1])) == [paths(labelled)[i] for i in (3, 1)]
    with pytest.raises(ValueError, match='Places2 has no labels to sample by'):
        sample_labels(dataset)


def test_a_list_without_labels_is_refused_with_the_setting_that_reads_it(root):
    (root / 'train.txt').write_text('/a/0.png\n')
    with pytest.raises(
        ValueError, match='train.txt: line 1: expected a path, a blank and a class index.*with_label=False'
    ):
        build(root)


def absolute(root):
    lines = (f'{root}/{line.lstrip("/")}' for line in open(root / 'train.txt'))
    (root / 'absolute.txt').write_text(''.join(lines))
    return str(root / 'absolute.txt')


def test_absolute_paths_are_read_as_they_are_without_a_root(root):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(dict(type='mmgb.Places2', ann_file=absolute(root), num_classes=3, pipeline=LOAD))
    assert paths(dataset) == paths(build(root)) and colours(dataset) == list(range(10))


def test_absolute_paths_beside_a_root_are_refused(root):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        config = dict(type='mmgb.Places2', ann_file=absolute(root), data_prefix=str(root))
        with pytest.raises(
            ValueError, match="line 1: expected a path below data_prefix='.*', got the absolute path '/.*unset"
        ):
            DATASETS.build(config)


@pytest.mark.parametrize('value', [1.5, float('nan'), True, '3'])
@pytest.mark.parametrize('name', ['num_classes', 'max_refetch'])
def test_settings_that_are_no_integers_are_refused(root, name, value):
    with pytest.raises(ValueError, match=f'{name}={value!r}: expected an integer'):
        build(root, **{name: value})
