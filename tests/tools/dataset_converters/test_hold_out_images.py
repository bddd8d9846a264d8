"""hold_out_images.py writes the image lists of a training set and of its held-out part."""

import os

import pytest
from helpers.converters import assert_refused, convert
from mmpretrain.datasets import CustomDataset

TOOL = 'hold_out_images'
REFUSED = {
    'no folder': (['nowhere', 'a.txt', 'b.txt'], "FOLDER='nowhere': expected a folder of images, got none"),
    'too few': (['few', 'a.txt', 'b.txt'], "FOLDER='few': expected at least 10 images in subfolders, got 3"),
    'every image': (['train', 'a.txt', 'b.txt', '--every', 1], '--every=1: expected an integer of at least 2'),
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('images')
    for name, count in (('train/n02', 12), ('train/n01', 9), ('few/a', 3)):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            (folder / name / f'{index:02}.png').touch()
    return folder


@pytest.fixture(scope='module')
def results(folder):
    commands = {
        'tenth': ['train', 'most.txt', 'rest.txt'],
        'third': ['train', 'lists/most.txt', 'lists/rest.txt', '--every', 3],
    }
    commands.update({name: arguments for name, (arguments, _) in REFUSED.items()})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return {name: convert(TOOL, *arguments) for name, arguments in commands.items()}


def test_every_tenth_image_in_path_order_is_held_out_and_labels_follow_the_folders(results, folder):
    assert results['tenth'] == (0, "19 images listed in 'most.txt'\n2 images listed in 'rest.txt'\n", '')
    # n01 has the images 1 to 9, n02 those from 10 on: the 10th is its first, the 20th its eleventh.
    assert (folder / 'rest.txt').read_text() == 'n02/00.png 1\nn02/10.png 1\n'
    most = (folder / 'most.txt').read_text().splitlines()
    assert most[:9] == [f'n01/{index:02}.png 0' for index in range(9)]
    assert most[9:] == [f'n02/{index:02}.png 1' for index in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)]


def test_the_share_of_held_out_images_can_be_chosen(results, folder):
    assert results['third'].returncode == 0
    assert len((folder / 'lists/rest.txt').read_text().splitlines()) == 7
    assert len((folder / 'lists/most.txt').read_text().splitlines()) == 14


@pytest.mark.parametrize('name', REFUSED)
def test_invalid_input_is_refused(name, results, folder):
    assert_refused(results[name], TOOL, REFUSED[name][1])
    assert not (folder / 'a.txt').exists()


def test_both_lists_hold_the_images_and_labels_of_mmpretrains_custom_dataset(tmp_path):
    root = tmp_path / 'train'
    for name in 'b', 'a', 'a/deep', 'B', '.hidden', 'no images', 'c é':
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in 'b', 'a', 'a/deep', '.hidden', 'c é':
        for file in 'x.png', 'y 1.JPG', 'z.tif', 'x.jpeg', '.DS_Store', 'Thumbs.db', 'notes.txt', '._x.png', 'png':
            (root / name / file).touch()
    (root / 'loose.png').touch()
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'elsewhere/linked.png').touch()
    (root / 'b/link').symlink_to(tmp_path / 'elsewhere')
    assert convert(TOOL, root, tmp_path / 'most.txt', tmp_path / 'rest.txt', '--every', 3).returncode == 0

    def entries(**options):
        dataset = CustomDataset(data_prefix=str(root), **options)
        return [(info['img_path'], info['gt_label']) for info in map(dataset.get_data_info, range(len(dataset)))]

    expected = entries()
    held_out = expected[2::3]
    assert entries(ann_file=str(tmp_path / 'rest.txt')) == held_out
    assert entries(ann_file=str(tmp_path / 'most.txt')) == [one for one in expected if one not in held_out]


@pytest.mark.parametrize('name', [b'a/\xff.png', b'\xe9/1.png', b'a/two\nlines.png', b' a/1.png'])
def test_a_name_that_a_list_cannot_hold_is_refused(name, tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b'train', name)
    os.makedirs(os.path.dirname(path))
    open(path, 'wb').close()
    result = convert(TOOL, tmp_path / 'train', tmp_path / 'most.txt', tmp_path / 'rest.txt')
    assert_refused(result, TOOL, f'got {os.fsdecode(name)!r}; rename the file or its folder')
    assert not (tmp_path / 'most.txt').exists()
