"""split_sbd.py on small train lists, and on one of the paper's length."""

import pytest
from helpers.converters import assert_refused, convert

TOOL = 'split_sbd'


def split_sbd(sbd_root, voc_root, *options):
    return convert(TOOL, sbd_root, voc_root, *options)


def names_in(voc_root, split):
    return (voc_root / f'ImageSets/Segmentation/{split}.txt').read_text().splitlines()


def make_roots(folder, names, list_path='train.txt'):
    sbd_root, voc_root = folder / 'sbd', folder / 'VOC2012'
    (sbd_root / list_path).parent.mkdir(parents=True)
    (sbd_root / list_path).write_text('\n'.join(names) + '\n')
    (voc_root / 'SegmentationClassAug').mkdir(parents=True)
    for name in names:
        (voc_root / f'SegmentationClassAug/{name}.png').touch()
    return sbd_root, voc_root


NAMES = [f'2008_{i * 7919 % 1000:06d}' for i in range(50)]  # distinct and unsorted


@pytest.mark.parametrize('list_path', ['train.txt', 'dataset/train.txt'])
def test_the_two_lists_are_a_sorted_partition_of_the_input(tmp_path, list_path):
    sbd_root, voc_root = make_roots(tmp_path, NAMES, list_path)
    result = split_sbd(sbd_root, voc_root, '--held-out', '8')
    assert result.returncode == 0, result.stderr
    train, val = names_in(voc_root, 'sbd_train'), names_in(voc_root, 'sbd_val')
    assert len(train) == 42 and len(val) == 8
    assert train == sorted(train) and val == sorted(val)
    assert sorted(train + val) == sorted(NAMES)
    assert 'Wrote 42 names' in result.stdout and 'Wrote 8 names' in result.stdout


def test_the_papers_list_is_split_into_8398_and_100_without_a_warning(tmp_path):
    sbd_root, voc_root = make_roots(tmp_path, [f'2008_{i:06d}' for i in range(8498)])
    result = split_sbd(sbd_root, voc_root)
    assert result.returncode == 0 and result.stderr == ''
    assert len(names_in(voc_root, 'sbd_train')) == 8398
    assert len(names_in(voc_root, 'sbd_val')) == 100


def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_the_list(tmp_path):
    drawn = {}
    for key, names, seed in (('a', NAMES, 0), ('reversed', NAMES[::-1], 0), ('seed 1', NAMES, 1)):
        sbd_root, voc_root = make_roots(tmp_path / key, names)
        split_sbd(sbd_root, voc_root, '--held-out', '20', '--seed', str(seed))
        drawn[key] = names_in(voc_root, 'sbd_val')
    assert drawn['a'] == drawn['reversed'] != drawn['seed 1']
    assert drawn['a'] != sorted(NAMES)[:20]


def test_a_list_of_another_length_is_split_with_a_warning(tmp_path):
    result = split_sbd(*make_roots(tmp_path, NAMES), '--held-out', '5')
    assert result.returncode == 0
    assert result.stderr.count('\n') == 1 and 'has 50 names instead of 8498' in result.stderr


def test_a_warning_counts_images_of_vocs_own_validation_list(tmp_path):
    sbd_root, voc_root = make_roots(tmp_path, NAMES)
    (voc_root / 'ImageSets/Segmentation').mkdir(parents=True)
    (voc_root / 'ImageSets/Segmentation/val.txt').write_text('\n'.join([*NAMES[:3], '2007_000033']) + '\n')
    result = split_sbd(sbd_root, voc_root, '--held-out', '5')
    assert result.returncode == 0 and 'val.txt contains 3 of these images' in result.stderr


def test_missing_labels_are_refused_with_their_count_and_the_first_name(tmp_path):
    sbd_root, voc_root = make_roots(tmp_path, NAMES)
    for name in NAMES[10:13]:
        (voc_root / f'SegmentationClassAug/{name}.png').unlink()
    result = split_sbd(sbd_root, voc_root, '--held-out', '5')
    assert_refused(result, TOOL, '50 images, but 3 are missing', f'first is {NAMES[10]}.png', 'voc_aug.py')
    assert not (voc_root / 'ImageSets').exists()


def test_a_missing_label_folder_is_refused_with_the_tool_that_makes_it(tmp_path):
    sbd_root, voc_root = make_roots(tmp_path, NAMES)
    (voc_root / 'SegmentationClassAug').rename(voc_root / 'elsewhere')
    result = split_sbd(sbd_root, voc_root, '--held-out', '5')
    assert_refused(result, TOOL, 'SegmentationClassAug: expected an existing folder', 'voc_aug.py')


def test_a_missing_train_list_is_refused(tmp_path):
    assert_refused(split_sbd(tmp_path, tmp_path), TOOL, 'SBD_ROOT=', 'expected a train list', 'train.txt')


def test_a_list_with_duplicates_is_refused(tmp_path):
    sbd_root, voc_root = make_roots(tmp_path, [*NAMES, NAMES[0]])
    assert_refused(split_sbd(sbd_root, voc_root, '--held-out', '5'), TOOL, 'got 1 duplicates among 51')


@pytest.mark.parametrize('option, value', [('--held-out', '0'), ('--held-out', '50'), ('--seed', '-1')])
def test_options_out_of_range_are_refused_by_name(tmp_path, option, value):
    result = split_sbd(*make_roots(tmp_path, NAMES), '--held-out', '5', option, value)
    assert_refused(result, TOOL, f'{option}={value}: expected')
