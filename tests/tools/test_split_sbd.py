import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'tools' / 'dataset_converters' / 'split_sbd.py'


def split_sbd(sbd_root, voc_root, *options):
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(sbd_root), str(voc_root), *options], capture_output=True, text=True
    )


def names_in(voc_root, split):
    return (voc_root / f'ImageSets/Segmentation/{split}.txt').read_text().splitlines()


def assert_one_sentence(result, *parts):
    assert result.returncode == 2
    assert result.stderr.startswith('split_sbd: ') and result.stderr.count('\n') == 1, result.stderr
    for part in parts:
        assert part in result.stderr


def make_roots(folder, names, list_path='train.txt'):
    sbd_root, voc_root = folder / 'sbd', folder / 'VOC2012'
    (sbd_root / list_path).parent.mkdir(parents=True)
    (sbd_root / list_path).write_text('\n'.join(names) + '\n')
    (voc_root / 'SegmentationClassAug').mkdir(parents=True)
    for name in names:
        (voc_root / f'SegmentationClassAug/{name}.png').touch()
    return sbd_root, voc_root


NAMES = [f'2008_{i * 7919 % 1000:06d}' for i in range(50)]  # distinct, not sorted


@pytest.mark.parametrize('list_path', ['train.txt', 'dataset/train.txt'])
def test_the_two_lists_are_sorted_disjoint_and_together_the_input(tmp_path, list_path):
    sbd_root, voc_root = make_roots(tmp_path, NAMES, list_path)
    result = split_sbd(sbd_root, voc_root, '--held-out', '8')
    assert result.returncode == 0, result.stderr
    train, val = names_in(voc_root, 'sbd_train'), names_in(voc_root, 'sbd_val')
    assert len(train) == 42 and len(val) == 8
    assert train == sorted(train) and val == sorted(val)
    assert sorted(train + val) == sorted(NAMES)
    assert 'Wrote 42 names' in result.stdout and 'Wrote 8 names' in result.stdout


def test_the_papers_list_gives_8398_and_100_without_a_warning(tmp_path):
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
    assert result.stderr.count('\n') == 1 and 'holds 50 names' in result.stderr and '8498' in result.stderr


def test_images_of_vocs_own_validation_list_are_counted_in_a_warning(tmp_path):
    sbd_root, voc_root = make_roots(tmp_path, NAMES)
    (voc_root / 'ImageSets/Segmentation').mkdir(parents=True)
    (voc_root / 'ImageSets/Segmentation/val.txt').write_text('\n'.join([*NAMES[:3], '2007_000033']) + '\n')
    result = split_sbd(sbd_root, voc_root, '--held-out', '5')
    assert result.returncode == 0 and '3 of these images' in result.stderr


def test_missing_labels_are_refused_with_their_count_and_the_first_name(tmp_path):
    sbd_root, voc_root = make_roots(tmp_path, NAMES)
    for name in NAMES[10:13]:
        (voc_root / f'SegmentationClassAug/{name}.png').unlink()
    result = split_sbd(sbd_root, voc_root, '--held-out', '5')
    assert_one_sentence(result, '3 of 50', f'{NAMES[10]}.png', 'voc_aug.py')
    assert not (voc_root / 'ImageSets').exists()


def test_a_missing_label_folder_is_refused_and_says_what_makes_it(tmp_path):
    sbd_root, voc_root = make_roots(tmp_path, NAMES)
    (voc_root / 'SegmentationClassAug').rename(voc_root / 'elsewhere')
    result = split_sbd(sbd_root, voc_root, '--held-out', '5')
    assert_one_sentence(result, 'SegmentationClassAug', 'voc_aug.py')


def test_a_missing_train_list_is_refused(tmp_path):
    assert_one_sentence(split_sbd(tmp_path, tmp_path), 'SBD_ROOT', 'train.txt')


def test_a_list_with_repeated_names_is_refused(tmp_path):
    sbd_root, voc_root = make_roots(tmp_path, [*NAMES, NAMES[0]])
    assert_one_sentence(split_sbd(sbd_root, voc_root, '--held-out', '5'), 'repeats names', '1 of its 51')


@pytest.mark.parametrize('option, value', [('--held-out', '0'), ('--held-out', '50'), ('--seed', '-1')])
def test_options_out_of_range_are_refused_by_name(tmp_path, option, value):
    result = split_sbd(*make_roots(tmp_path, NAMES), '--held-out', '5', option, value)
    assert_one_sentence(result, option, f'got {value}')
