"""The parser of image lists against Python's own string methods, line by line."""

import pickle
import posixpath
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.datasets.image_list_parser import read_image_list
from mmgb.functional.errors import ConfigError


def read(text, *args, **kwargs):
    return read_image_list(text.encode(), *args, **kwargs)


def entries(images):
    return [(images[i]['img_path'], images[i]['gt_label']) for i in range(len(images))]


def line_by_line(text):
    pairs = [line.strip().rsplit(None, 1) for line in text.rstrip().split('\n')]
    return [(path.lstrip(' \t/'), int(label)) for path, label in pairs]


PATHS = st.lists(
    st.text('ab/ é漢.', min_size=1, max_size=25)
    .map(lambda path: f'x{path}x')
    .filter(lambda path: not posixpath.normpath(path).startswith('../')),
    min_size=1,
    max_size=40,
    unique=True,
)


@settings(max_examples=200)
@given(PATHS, st.data())
def test_entries_equal_pythons_own_splitting_for_any_block_size(paths, data):
    blanks, line_ends = st.sampled_from([' ', '\t', '  ', ' \t']), st.sampled_from(['\n', '\r\n', ' \n'])
    leads = st.sampled_from(['', '/', ' ', '//'])
    text = ''.join(
        data.draw(leads) + path + data.draw(blanks) + str(data.draw(st.integers(0, 12345))) + data.draw(line_ends)
        for path in paths
    )
    text += data.draw(st.sampled_from(['', '\n', '\r\n \n']))
    text = data.draw(st.sampled_from([text, text.rstrip()]))
    assert entries(read(text, block_bytes=data.draw(st.integers(1, 200)))) == line_by_line(text)


def test_paths_of_the_official_format_become_relative():
    images = read('/a/airfield/00000001.jpg 0\n/z/zen_garden/00000007.jpg 400\n', 401)
    assert images[0] == dict(img_path='a/airfield/00000001.jpg', gt_label=0)
    assert images[-1] == dict(img_path='z/zen_garden/00000007.jpg', gt_label=400)
    with pytest.raises(IndexError):
        images[2]


def test_a_byte_order_mark_is_not_part_of_the_first_path():
    assert entries(read_image_list(b'\xef\xbb\xbfa.jpg 3')) == [('a.jpg', 3)]


@pytest.mark.parametrize(
    'line, message',
    [
        ('a/no_label.jpg', "expected a path, a blank and a class index, got 'a/no_label.jpg'"),
        ('', "expected a path, a blank and a class index, got ''"),
        ('7', "expected a path, a blank and a class index, got '7'"),
        ('/ 7', "expected a path, a blank and a class index, got '/ 7'"),
        ('a/b.jpg 5', "label '5': expected a class index from 0 to 4"),
        ('a/b.jpg -1', "label '-1': expected"),
        ('a/b.jpg 12345678901', "label '12345678901': expected"),
        ('a/b.jpg 1.0', "label '1.0': expected"),
        ('a/my photo.jpg', "label 'photo.jpg': expected"),
        ('image/0.jpg 3', "duplicate of line 1, 'image/0.jpg'"),
        ('/image/6.jpg 1', "duplicate of line 7, 'image/6.jpg'"),
    ],
)
@pytest.mark.parametrize('block_bytes', [1, 50, 1 << 24])
def test_an_invalid_line_is_refused_with_its_number(line, message, block_bytes):
    lines = [f'image/{i}.jpg {i % 5}' for i in range(30)]
    lines[20] = line
    with pytest.raises(ValueError, match='^' + re.escape(f'line 21: {message}')):
        read('\n'.join(lines), 5, block_bytes=block_bytes)


@pytest.mark.parametrize('block_bytes', [1, 50, 1 << 24])
def test_a_list_in_latin_1_is_refused_with_its_first_such_line(block_bytes):
    content = 'a/ok.jpg 0\nb/ok.jpg 1\nc/café.jpg 2\nd/né.jpg 3\n'.encode('latin-1')
    with pytest.raises(ValueError, match='^line 3: expected UTF-8, got byte 0xe9; .*iconv'):
        read_image_list(content, block_bytes=block_bytes)


@pytest.mark.parametrize('content', [b'', b'\n', b' \r\n\t\n', b'\xef\xbb\xbf', b'\xef\xbb\xbf\n'])
def test_an_empty_list_is_refused(content):
    with pytest.raises(ValueError, match='^the list is empty$'):
        read_image_list(content)


def test_the_first_of_many_duplicates_is_named():
    text = ''.join(f'{i * 7919 % 1000}.jpg 0\n' for i in range(1000))
    with pytest.raises(ValueError, match="^line 1001: duplicate of line 1, '0.jpg'$"):
        read(text + text)


def test_paths_that_differ_in_one_byte_or_in_length_are_distinct():
    base = 'abcdefghijklmnopqrstuvwx'
    paths = {base[:i] + 'X' + base[i + 1 :] for i in range(len(base))} | {base[:i] for i in range(1, len(base))}
    assert len(read(''.join(f'{path} 0\n' for path in sorted(paths)))) == len(paths)


def test_an_entry_takes_twelve_bytes_besides_the_text_of_the_list():
    """A dict, a string and an int would take about 400."""
    text = ''.join(f'/a/airfield/{i:08d}.jpg {i % 401}\n' for i in range(100_000))
    size = len(pickle.dumps(read(text), protocol=4))
    assert size < len(text) + 100_000 * 12 + 2000


PIECES = [b'a', b'b.jpg', b'/', b'..', b'../', b' ', b'\t', b'\r', b'\r\n', b'\n', b'0', b' 1\n', b'/x 2\n', b'9' * 10]
ODD_PIECES = [b'\xef\xbb\xbf', b'\0', b'\x0b', b'\x1c', b'\x7f', '\u2028'.encode(), 'é'.encode(), b'\xe9']
CONTENT = st.lists(st.sampled_from(PIECES * 3 + ODD_PIECES), max_size=40).map(b''.join)


def by_regular_expressions(content, with_label, rooted):
    """Return the entries of a list by Python's own text functions, or None if it is to be refused."""
    try:
        text = content.decode().removeprefix('\ufeff').rstrip(' \t\r\n')
    except UnicodeDecodeError:
        return None
    found = []
    for line in text.split('\n'):
        if re.search('[\0-\x08\x0b\x0c\x0e-\x1f\ufeff]', line) or '\r' in line.rstrip('\r'):
            return None
        match = re.fullmatch('(.*[ \t])([0-9]{1,9})' if with_label else '(.*)()', line.rstrip(' \t\r'))
        path = (match[1] if match else '').strip(' \t').lstrip(' \t/' if rooted else '')
        if not path or (rooted and re.match(r'\.\.([/ \t]|$)', posixpath.normpath(f'{path} x'))):
            return None
        found.append((path, int(match[2]) if with_label else None))
    return found if len({path for path, _ in found}) == len(found) else None


@settings(max_examples=2000)
@given(CONTENT, st.booleans(), st.booleans(), st.integers(1, 60))
def test_any_bytes_are_the_entries_or_one_sentence(content, with_label, rooted, block_bytes):
    try:
        images = read_image_list(content, block_bytes=block_bytes, with_label=with_label, rooted=rooted)
    except ConfigError as error:
        found = None
        assert re.match('line [0-9]+: |the list is empty$', str(error)) and len(str(error)) <= 500
    else:
        found = [(images[i]['img_path'], images[i].get('gt_label')) for i in range(len(images))]
    assert found == by_regular_expressions(content, with_label, rooted)


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_random_bytes_never_raise_another_error(content):
    try:
        read_image_list(content)
    except ConfigError:
        pass


MEGABYTES = 4_000_000
LARGE = {
    'a long path': b'a' * MEGABYTES + b' 0',
    'blanks before the label': b'a' + b' ' * MEGABYTES + b'0',
    'blanks before the path': b' ' * MEGABYTES + b'a 0',
    'slashes before the path': b'/' * MEGABYTES + b'a 0',
    'blanks at the end': b'a 0' + b' ' * MEGABYTES,
    'lines of blanks at the end': b'a 0' + b' \r\n' * (MEGABYTES // 3),
    'empty lines': b'a 0' + b'\n' * MEGABYTES + b'b 0',
    'lines of many blanks': (b'%d' + b' ' * 8000 + b'0\n') * (MEGABYTES // 8000),
    'lines of many parents': b''.join(b'x/../' * 1600 + b'%d 0\n' % i for i in range(MEGABYTES // 8000)),
    'digits': b'a ' + b'1' * MEGABYTES,
    'zeros': bytes(MEGABYTES),
    'lone carriage returns': b'a 0\r' * (MEGABYTES // 4),
    'dots': b'.' * MEGABYTES,
    'byte order marks': b'\xef\xbb\xbf' * (MEGABYTES // 3),
}


@pytest.mark.parametrize('name', LARGE)
@pytest.mark.parametrize('options', [{}, dict(with_label=False)])
def test_the_time_is_linear_in_the_size_for_any_bytes(name, options):
    """Half a megabyte of blanks took 11 s, a path of 30 MB 143 s."""
    start = time.process_time()
    try:
        read_image_list(LARGE[name], **options)
    except ConfigError as error:
        assert len(str(error)) <= 500
    assert time.process_time() - start < 4


def test_one_long_line_does_not_slow_the_others_down():
    lines = [f'{i:08d}.jpg 0\n' for i in range(50_000)]
    start = time.process_time()
    read(''.join(lines))
    usual = time.process_time() - start
    lines[7] = 'x' * 8000 + ' 0\n'
    start = time.process_time()
    read(''.join(lines))
    assert time.process_time() - start < 5 * usual + 0.5


@pytest.mark.parametrize(
    'content, message',
    [
        (b'a 0\rb 1\rc 2', 'line 1: expected lines that end in LF or CR LF, got a lone CR; convert the list'),
        (b'a 0\n\xef\xbb\xbfb 1\n', 'line 2: expected a byte order mark only at the start of the list'),
        (b'a 0\nb\0.jpg 1\n', 'line 2: expected no control characters, got 0x00'),
        (b'a 0\n/b/../../c 1\n', "line 2: expected a path below the folder of images, got 'b/../../c 1'"),
        (b'a 0\n' + b'b' * 9000 + b' 1\n', 'line 2: expected at most 8192 bytes, got 9002'),
    ],
)
def test_a_line_that_training_would_fail_at_is_refused(content, message):
    with pytest.raises(ConfigError, match='^' + re.escape(message)):
        read_image_list(content)


def test_a_list_without_labels_has_paths_alone():
    images = read('/test/00000001.jpg\nmy photo 7\n', with_label=False)
    assert [images[i] for i in range(2)] == [dict(img_path='test/00000001.jpg'), dict(img_path='my photo 7')]
    assert images.labels is None and [images[::-1][i] for i in range(2)] == [images[1], images[0]]


def test_paths_without_a_root_are_kept_as_they_are():
    assert entries(read('/data/a.jpg 0\n../b.jpg 1\n', rooted=False)) == [('/data/a.jpg', 0), ('../b.jpg', 1)]
