"""The parser of image lists against Python's own string methods, line by line."""

import pickle
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.datasets.image_list_parser import read_image_list


def read(text, *args, **kwargs):
    return read_image_list(text.encode(), *args, **kwargs)


def entries(images):
    return [(images[i]['img_path'], images[i]['gt_label']) for i in range(len(images))]


def line_by_line(text):
    pairs = [line.strip().rsplit(None, 1) for line in text.rstrip().split('\n')]
    return [(path.lstrip(' \t/'), int(label)) for path, label in pairs]


PATHS = st.lists(
    st.text('ab/ é漢.', min_size=1, max_size=25).map(lambda path: f'x{path}x'), min_size=1, max_size=40, unique=True
)


@settings(max_examples=200, deadline=None)
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
