import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmgb.datasets.image_list import read_image_list

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / 'tools' / 'dataset_converters' / 'check_image_list.py'


def check(*arguments):
    return subprocess.run(
        [sys.executable, '-W', 'ignore', str(SCRIPT), *map(str, arguments)], capture_output=True, text=True
    )


def assert_one_sentence(result, *parts, code=2):
    assert result.returncode == code
    assert result.stderr.startswith('check_image_list: ') and result.stderr.count('\n') == 1, result.stderr
    for part in parts:
        assert part in result.stderr


@pytest.fixture
def images(tmp_path):
    """Six images of noise in two folders, and the official list of them."""
    rng = np.random.default_rng(0)
    for i in range(6):
        path = tmp_path / f'images/{"ab"[i % 2]}/{i}.jpg'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    (tmp_path / 'list.txt').write_text(''.join(f'/{"ab"[i % 2]}/{i}.jpg {i % 2}\n' for i in range(6)))
    return tmp_path


def damage(images):
    """Image 0 is gone, 1 is empty, 2 is cut in half, 3 is a folder; 4 and 5 are fine."""
    folder = images / 'images'
    (folder / 'a/0.jpg').unlink()
    (folder / 'b/1.jpg').write_bytes(b'')
    (folder / 'a/2.jpg').write_bytes((folder / 'a/2.jpg').read_bytes()[:700])
    (folder / 'b/3.jpg').unlink()
    (folder / 'b/3.jpg').mkdir()


@pytest.mark.parametrize('options', [[], ['--decode'], ['--jobs', 1], ['--num-classes', 2]])
def test_a_complete_folder_passes_with_exit_code_0(images, options):
    result = check(images / 'images', images / 'list.txt', *options)
    assert result.returncode == 0 and not result.stderr
    assert 'All 6 images are there' in result.stdout and '6/6' in result.stdout


@pytest.mark.parametrize('jobs', [1, 2])
def test_what_is_missing_or_empty_is_reported_and_left_out_of_the_clean_list(images, jobs):
    damage(images)
    result = check(images / 'images', images / 'list.txt', '--out', images / 'clean.txt', '--jobs', jobs)
    assert_one_sentence(result, "3 of 6 images can't be used: 1 empty, 2 missing", code=1)
    assert 'missing\ta/0.jpg\nempty\tb/1.jpg\nmissing\tb/3.jpg\n' in result.stdout
    assert (images / 'clean.txt').read_text() == 'a/2.jpg 0\na/4.jpg 0\nb/5.jpg 1\n'


def test_decoding_finds_the_truncated_image_as_well_and_the_clean_list_passes(images):
    damage(images)
    result = check(
        images / 'images',
        images / 'list.txt',
        '--out',
        images / 'clean.txt',
        '--decode',
        '--report',
        images / 'report.txt',
    )
    assert_one_sentence(result, "4 of 6 images can't be used: 1 empty, 2 missing, 1 unreadable", code=1)
    lines = [line.split('\t') for line in (images / 'report.txt').read_text().splitlines()]
    assert [line[:2] for line in lines] == [
        ['missing', 'a/0.jpg'],
        ['empty', 'b/1.jpg'],
        ['unreadable', 'a/2.jpg'],
        ['missing', 'b/3.jpg'],
    ]
    assert lines[2][2].startswith('OSError: image file is truncated')
    assert len(read_image_list((images / 'clean.txt').read_bytes())) == 2
    assert check(images / 'images', images / 'clean.txt', '--decode').returncode == 0


def test_many_faults_are_printed_in_part_and_reported_in_full(images):
    with open(images / 'list.txt', 'a') as file:
        file.writelines(f'/gone/{i}.jpg 0\n' for i in range(3000))
    result = check(images / 'images', images / 'list.txt', '--report', images / 'report.txt')
    assert result.returncode == 1 and '… and 2990 more' in result.stdout
    expected = [f'missing\tgone/{i}.jpg' for i in range(3000)]
    assert (images / 'report.txt').read_text().splitlines() == expected


def test_an_imagenet_list_without_the_leading_slash_is_checked_too(images):
    text = (images / 'list.txt').read_text().replace('\n/', '\n').lstrip('/')
    (images / 'list.txt').write_text(text)
    assert check(images / 'images', images / 'list.txt').returncode == 0


def test_a_wrong_root_is_refused_and_nothing_is_written(images):
    (images / 'elsewhere').mkdir()
    result = check(images / 'elsewhere', images / 'list.txt', '--out', images / 'clean.txt')
    assert_one_sentence(result, "elsewhere has none of the list's 6 images, e.g. not a/0.jpg")
    assert not (images / 'clean.txt').exists()


@pytest.mark.parametrize(
    'content, complaint',
    [
        (b'a/0.jpg 0\nb/1.jpg\n', "line 2: 'b/1.jpg' has no label"),
        (b'a/0.jpg 7\n', 'from 0 to 1'),
        (b'a/0.jpg 0\na/0.jpg 0\n', 'line 2'),
        (b'a/\xe9.jpg 0\n', 'line 1: byte 0xe9 is not UTF-8'),
        (b'', 'the list is empty'),
    ],
)
def test_a_wrong_list_is_refused_with_the_number_of_the_line(images, content, complaint):
    (images / 'list.txt').write_bytes(content)
    assert_one_sentence(check(images / 'images', images / 'list.txt', '--num-classes', 2), 'list.txt: ', complaint)


def test_wrong_arguments_are_refused_by_name(images):
    folder, names = images / 'images', images / 'list.txt'
    assert_one_sentence(check(images / 'nowhere', names), 'ROOT', 'nowhere is not a folder')
    assert_one_sentence(check(folder, images / 'nowhere.txt'), 'nowhere.txt')
    assert_one_sentence(check(folder, names, '--jobs', 0), '--jobs must be at least 1, got 0')
    assert_one_sentence(check(folder, names, '--num-classes', 0), '--num-classes must be at least 1, got 0')
    assert_one_sentence(check(folder, names, '--out', names), '--out', 'is LIST itself')
    assert_one_sentence(check(folder, names, '--out', images / 'no/folder.txt'), 'no/folder.txt')
