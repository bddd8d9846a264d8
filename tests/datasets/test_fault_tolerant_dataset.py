"""Stock data sets of both hosts with damaged images and label maps."""

import numpy as np
import pytest
from mmengine.registry import DATASETS, DefaultScope
from PIL import Image

from mmgb.datasets.sample_labels import sample_labels
from mmgb.datasets.samplers import ClassAwareSampler

LABELS = [0, 0, 1, 1, 2]
LOAD_BOTH = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]


def stock(host, folder, **settings):
    """Return the config of a data set of five images, whose first pixel is 10 * position."""
    (folder / 'img').mkdir(exist_ok=True)
    (folder / 'ann').mkdir(exist_ok=True)
    for position, label in enumerate(LABELS):
        image = np.random.default_rng(position).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        image[0, 0] = 10 * position
        Image.fromarray(image).save(folder / f'img/{position}.png')
        Image.fromarray(np.full((16, 16), label, np.uint8)).save(folder / f'ann/{position}.png')
    (folder / 'list.txt').write_text(''.join(f'{position}.png {label}\n' for position, label in enumerate(LABELS)))
    if host == 'mmpretrain':
        options = dict(type='CustomDataset', ann_file='list.txt', data_prefix='img', pipeline=LOAD_BOTH[:1])
    else:
        prefix = dict(img_path='img', seg_map_path='ann')
        options = dict(type='BaseSegDataset', img_suffix='.png', data_prefix=prefix, pipeline=LOAD_BOTH)
        options['metainfo'] = dict(classes=('a', 'b', 'c'))
    return options | dict(data_root=str(folder)) | settings


def build(host, dataset, **settings):
    with DefaultScope.overwrite_default_scope(host):
        return DATASETS.build(dict(type='mmgb.FaultTolerantDataset', dataset=dataset, **settings))


def positions(dataset):
    return [int(dataset[number]['img'][0, 0, 0]) // 10 for number in range(len(dataset))]


HOSTS = pytest.mark.parametrize('host', ['mmpretrain', 'mmseg'])


@HOSTS
def test_intact_samples_labels_and_classes_are_those_of_the_wrapped_data_set(tmp_path, host):
    config = stock(host, tmp_path)
    with DefaultScope.overwrite_default_scope(host):
        inner = DATASETS.build(config)
    dataset = build(host, config, on_error='skip')
    assert positions(dataset) == positions(inner) == [0, 1, 2, 3, 4] and dataset.num_skipped == 0
    assert dataset.metainfo == inner.metainfo
    assert [sorted(np.atleast_1d(label)) for label in sample_labels(dataset)] == [[label] for label in LABELS]
    assert sorted({np.atleast_1d(LABELS[index])[0] for index in ClassAwareSampler(dataset, seed=0)}) == [0, 1, 2]


@HOSTS
@pytest.mark.parametrize('damage', ['missing', 'text', 'truncated'])
def test_a_damaged_image_is_named_or_replaced_by_the_next_one(tmp_path, host, damage):
    config, path = stock(host, tmp_path), tmp_path / 'img/4.png'
    raises, skips = build(host, config), build(host, config, on_error='skip')
    path.write_bytes(path.read_bytes()[:200] if damage == 'truncated' else b'no image')
    if damage == 'missing':
        path.unlink()
    with pytest.raises(OSError, match=r"^'.*img/4.png' can't be read \(.*\): replace it, .*on_error='skip'$") as caught:
        raises[4]
    assert '\n' not in str(caught.value)
    assert positions(skips) == [0, 1, 2, 3, 0] and skips.num_skipped == 1


def test_a_damaged_label_map_is_named_and_not_its_image(tmp_path):
    config = stock('mmseg', tmp_path)
    (tmp_path / 'ann/1.png').write_bytes((tmp_path / 'ann/1.png').read_bytes()[:40])
    with pytest.raises(OSError, match=r"^'.*ann/1.png' can't be read"):
        build('mmseg', config)[1]
    assert positions(build('mmseg', config, on_error='skip')) == [0, 2, 2, 3, 4]


def test_it_works_inside_and_around_other_wrappers(tmp_path):
    config = stock('mmpretrain', tmp_path)
    (tmp_path / 'img/2.png').unlink()
    around = build('mmpretrain', dict(type='RepeatDataset', times=2, dataset=config), on_error='skip')
    assert positions(around) == [0, 1, 3, 3, 4] * 2 and around.num_skipped == 2
    assert sample_labels(around).tolist() == LABELS * 2
    inside = dict(type='mmgb.FaultTolerantDataset', dataset=config, on_error='skip')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        assert positions(DATASETS.build(dict(type='RepeatDataset', times=2, dataset=inside))) == [0, 1, 3, 3, 4] * 2


def test_a_bug_of_the_pipeline_keeps_its_error(tmp_path):
    dataset = build('mmpretrain', stock('mmpretrain', tmp_path), on_error='skip')
    dataset.dataset.pipeline.transforms.append(lambda results: results['no such key'])
    with pytest.raises(KeyError, match='no such key'):
        dataset[0]
    assert dataset.num_skipped == 0


def test_a_wrong_folder_ends_after_max_refetch_samples(tmp_path):
    dataset = build('mmseg', stock('mmseg', tmp_path), on_error='skip', max_refetch=2)
    for path in (tmp_path / 'img').iterdir():
        path.unlink()
    with pytest.raises(OSError, match="^3 consecutive images can't be read, the last is .*img/0.png.* check data_root"):
        dataset[3]


def test_invalid_settings_are_refused(tmp_path):
    config = stock('mmpretrain', tmp_path)
    with pytest.raises(ValueError, match="^on_error='ignore': expected 'raise' or 'skip'$"):
        build('mmpretrain', config, on_error='ignore')
    with pytest.raises(ValueError, match="^on_error='skip': expected 'raise' with test_mode=True"):
        build('mmpretrain', config | dict(test_mode=True), on_error='skip')
    with pytest.raises(ValueError, match='^max_refetch=2.0: expected an integer'):
        build('mmpretrain', config, max_refetch=2.0)
