"""check_image_list.py on a folder with damaged images."""

import numpy as np
import pytest
from helpers.converters import assert_refused, convert
from helpers.tiny_runs import run
from PIL import Image

from mmgb.datasets.image_list_parser import read_image_list
from mmgb.datasets.places2 import Places2

TOOL = 'check_image_list'


def check(*arguments):
    return convert(TOOL, *arguments)


@pytest.fixture
def images(tmp_path):
    """Write six images of noise into two folders, and their list in the official format."""
    rng = np.random.default_rng(0)
    for i in range(6):
        path = tmp_path / f'images/{"ab"[i % 2]}/{i}.jpg'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    (tmp_path / 'list.txt').write_text(''.join(f'/{"ab"[i % 2]}/{i}.jpg {i % 2}\n' for i in range(6)))
    return tmp_path


def damage(images):
    """Remove image 0, empty 1, truncate 2 and replace 3 by a folder; 4 and 5 stay intact."""
    folder = images / 'images'
    (folder / 'a/0.jpg').unlink()
    (folder / 'b/1.jpg').write_bytes(b'')
    (folder / 'a/2.jpg').write_bytes((folder / 'a/2.jpg').read_bytes()[:700])
    (folder / 'b/3.jpg').unlink()
    (folder / 'b/3.jpg').mkdir()


@pytest.mark.parametrize('options', [[], ['--decode'], ['--jobs', 1], ['--num-classes', 2]])
def test_a_complete_folder_passes_with_exit_code_0(images, options):
    result = check(images / 'images', images / 'list.txt', *options)
    assert result.returncode == 0 and 'All 6 images exist' in result.stdout
    assert result.stderr.startswith('6 of 6 images, ') and result.stderr.count('\n') == 1


@pytest.mark.parametrize('jobs', [1, 2])
def test_missing_and_empty_files_are_reported_and_left_out_of_the_clean_list(images, jobs):
    damage(images)
    result = check(images / 'images', images / 'list.txt', '--out', images / 'clean.txt', '--jobs', jobs)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == '3 of 6 images are unusable: 1 empty, 2 missing.'
    assert 'missing\ta/0.jpg\nempty\tb/1.jpg\nmissing\tb/3.jpg\n' in result.stdout
    assert (images / 'clean.txt').read_text() == '/a/2.jpg 0\n/a/4.jpg 0\n/b/5.jpg 1\n'


def test_decoding_also_finds_the_truncated_image_and_the_clean_list_passes(images):
    damage(images)
    files = '--out', images / 'clean.txt', '--report', images / 'report.txt'
    result = check(images / 'images', images / 'list.txt', '--decode', *files)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == '4 of 6 images are unusable: 1 empty, 2 missing, 1 unreadable.'
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


def test_ten_faults_are_printed_and_all_are_reported(images):
    with open(images / 'list.txt', 'a') as file:
        file.writelines(f'/gone/{i}.jpg 0\n' for i in range(3000))
    result = check(images / 'images', images / 'list.txt', '--report', images / 'report.txt')
    assert result.returncode == 1 and '… and 2990 more' in result.stdout
    expected = [f'missing\tgone/{i}.jpg' for i in range(3000)]
    assert (images / 'report.txt').read_text().splitlines() == expected


def test_a_list_without_leading_slashes_is_accepted(images):
    text = (images / 'list.txt').read_text().replace('\n/', '\n').lstrip('/')
    (images / 'list.txt').write_text(text)
    assert check(images / 'images', images / 'list.txt').returncode == 0


def test_a_folder_without_any_image_of_the_list_is_refused_and_nothing_is_written(images):
    (images / 'elsewhere').mkdir()
    result = check(images / 'elsewhere', images / 'list.txt', '--out', images / 'clean.txt')
    assert_refused(result, TOOL, "elsewhere: expected the list's images", 'none of 6', 'not a/0.jpg')
    assert not (images / 'clean.txt').exists()


@pytest.mark.parametrize(
    'content, message',
    [
        (
            b'a/0.jpg 0\nb/1.jpg\n',
            "line 2: expected a path, a blank and a class index, got 'b/1.jpg'; --no-label reads",
        ),
        (b'a/0.jpg 7\n', 'from 0 to 1'),
        (b'a/0.jpg 0\na/0.jpg 0\n', 'line 2: duplicate of line 1'),
        (b'a/\xe9.jpg 0\n', 'line 1: expected UTF-8, got byte 0xe9'),
        (b'', 'the list is empty'),
    ],
)
def test_an_invalid_list_is_refused_with_its_line(images, content, message):
    (images / 'list.txt').write_bytes(content)
    result = check(images / 'images', images / 'list.txt', '--num-classes', 2)
    assert_refused(result, TOOL, 'LIST=', 'list.txt: ', message)


def test_invalid_arguments_are_refused_by_name(images):
    folder, names = images / 'images', images / 'list.txt'
    for arguments, message in (
        ((images / 'nowhere', names), 'nowhere: expected an existing folder'),
        ((folder, images / 'nowhere.txt'), 'nowhere.txt'),
        ((folder, names, '--jobs', 0), '--jobs=0: expected at least 1'),
        ((folder, names, '--num-classes', 0), '--num-classes=0: expected at least 1'),
        ((folder, names, '--no-label', '--num-classes', 2), '--num-classes=2: expected none with --no-label'),
        ((folder, names, '--out', names), 'list.txt: expected another file than LIST'),
        ((folder, names, '--out', names / 'below_a_file.txt'), 'list.txt'),
    ):
        assert_refused(check(*arguments), TOOL, message)


@pytest.mark.parametrize('end', ['\n', '\r\n'])
@pytest.mark.parametrize('label', ['', ' 1', '\t1'])
@pytest.mark.parametrize('absolute', [False, True])
def test_the_clean_list_gives_places2_the_usable_samples_of_the_list(images, absolute, label, end):
    damage(images)
    folder = images / 'images'
    paths = [f'{folder if absolute else ""}/{"ab"[i % 2]}/{i}.jpg' for i in range(6)]
    text = ''.join(f'{path}{label}{end}' for path in paths)
    (images / 'list.txt').write_bytes(b'\xef\xbb\xbf' + text.encode() + b' \n\n')
    root, options = '/' if absolute else folder, [] if label else ['--no-label']
    assert check(root, images / 'list.txt', '--out', images / 'clean.txt', *options).returncode == 1

    def samples(name):
        prefix = '' if absolute else str(folder)
        dataset = Places2(str(images / name), data_prefix=prefix, with_label=bool(label), num_classes=2)
        return [(info['img_path'], info.get('gt_label')) for info in map(dataset.get_data_info, range(len(dataset)))]

    before = samples('list.txt')
    assert len(before) == 6 and samples('clean.txt') == [before[2], before[4], before[5]]


@pytest.mark.slow
def test_in_a_process_of_its_own_the_exit_code_and_the_sentence_are_the_same(images):
    result = run(images, f'dataset_converters/{TOOL}.py', 'nowhere', 'list.txt')
    assert result.returncode == 2
    assert result.stdout == f'{TOOL}.py: error: ROOT=nowhere: expected an existing folder\n'


def test_decoding_finds_an_image_that_training_cannot_decode(images):
    Image.new('F', (20, 20)).save(images / 'images/a/0.jpg', 'tiff')
    result = check(images / 'images', images / 'list.txt', '--decode')
    assert result.returncode == 1 and '1 of 6 images are unusable: 1 unreadable.' in result.stderr
    assert 'unreadable\ta/0.jpg\tTIFF file of mode F: expected an image that OpenCV can convert' in result.stdout
