"""The reader of image lists against Python's own string methods, line by line."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.tiny_runs import run, succeeded
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.datasets.image_list import read_class_names, read_image_list
from mmgb.datasets.shared_array import SharedArray


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
def test_entries_are_those_of_pythons_own_splitting_whatever_the_size_of_a_block(paths, data):
    blanks, line_ends = st.sampled_from([' ', '\t', '  ', ' \t']), st.sampled_from(['\n', '\r\n', ' \n'])
    leads = st.sampled_from(['', '/', ' ', '//'])
    text = ''.join(
        data.draw(leads) + path + data.draw(blanks) + str(data.draw(st.integers(0, 12345))) + data.draw(line_ends)
        for path in paths
    )
    text += data.draw(st.sampled_from(['', '\n', '\r\n \n']))
    text = data.draw(st.sampled_from([text, text.rstrip()]))
    assert entries(read(text, block_bytes=data.draw(st.integers(1, 200)))) == line_by_line(text)


def test_the_official_form_is_relative_to_the_images_folder():
    images = read('/a/airfield/00000001.jpg 0\n/z/zen_garden/00000007.jpg 400\n', 401)
    assert images[0] == dict(img_path='a/airfield/00000001.jpg', gt_label=0)
    assert images[-1] == dict(img_path='z/zen_garden/00000007.jpg', gt_label=400)
    with pytest.raises(IndexError):
        images[2]


def test_a_byte_order_mark_does_not_belong_to_the_first_path():
    assert entries(read_image_list(b'\xef\xbb\xbfa.jpg 3')) == [('a.jpg', 3)]


def test_slices_and_positions_choose_entries_as_a_python_list_does():
    images = read(''.join(f'{i}.jpg {i % 3}\n' for i in range(10)))
    expected = entries(images)
    assert entries(images[2:-3]) == expected[2:-3]
    chosen = images[np.array([7, 0, 7, -1])]
    assert entries(chosen) == [expected[i] for i in (7, 0, 7, -1)]
    assert chosen.labels.tolist() == [1, 0, 1, 0] and len(images[:0]) == 0
    assert entries(chosen[1:]) == [expected[i] for i in (0, 7, -1)]


@pytest.mark.parametrize(
    'line, complaint',
    [
        ('a/no_label.jpg', "'a/no_label.jpg' has no label: expected a path, a blank and a class number"),
        ('', "'' has no label"),
        ('7', "'7' has no label"),
        ('/ 7', "'/ 7' has no label"),
        ('a/b.jpg 5', "the label '5' is outside the classes: expected a number from 0 to 4"),
        ('a/b.jpg -1', "the label '-1' is outside"),
        ('a/b.jpg 12345678901', "the label '12345678901' is outside"),
        ('a/b.jpg 1.0', "the label '1.0' is outside"),
        ('a/my photo.jpg', "the label 'photo.jpg' is outside"),
        ('image/0.jpg 3', "'image/0.jpg' was there before, in line 1"),
        ('/image/6.jpg 1', "'image/6.jpg' was there before, in line 7"),
    ],
)
@pytest.mark.parametrize('block_bytes', [1, 50, 1 << 24])
def test_a_wrong_line_is_named_by_its_number(line, complaint, block_bytes):
    lines = [f'image/{i}.jpg {i % 5}' for i in range(30)]
    lines[20] = line
    with pytest.raises(ValueError, match='^' + re.escape(f'line 21: {complaint}')):
        read('\n'.join(lines), 5, block_bytes=block_bytes)


@pytest.mark.parametrize('block_bytes', [1, 50, 1 << 24])
def test_a_list_in_latin_1_is_refused_at_its_first_such_line(block_bytes):
    content = 'a/ok.jpg 0\nb/ok.jpg 1\nc/café.jpg 2\nd/né.jpg 3\n'.encode('latin-1')
    with pytest.raises(ValueError, match='^line 3: byte 0xe9 is not UTF-8: .*iconv'):
        read_image_list(content, block_bytes=block_bytes)


@pytest.mark.parametrize('content', [b'', b'\n', b' \r\n\t\n', b'\xef\xbb\xbf', b'\xef\xbb\xbf\n'])
def test_an_empty_list_is_refused(content):
    with pytest.raises(ValueError, match='^the list is empty$'):
        read_image_list(content)


def test_the_earliest_of_many_repeated_paths_is_named():
    text = ''.join(f'{i * 7919 % 1000}.jpg 0\n' for i in range(1000))
    with pytest.raises(ValueError, match="line 1001: '0.jpg' was there before, in line 1$"):
        read(text + text)


def test_paths_that_differ_in_one_byte_or_in_length_only_are_different():
    base = 'abcdefghijklmnopqrstuvwx'
    paths = {base[:i] + 'X' + base[i + 1 :] for i in range(len(base))} | {base[:i] for i in range(1, len(base))}
    assert len(read(''.join(f'{path} 0\n' for path in sorted(paths)))) == len(paths)


def test_an_entry_takes_twelve_bytes_beside_the_lists_text():
    """A dict, a string and an int would take about 400."""
    text = ''.join(f'/a/airfield/{i:08d}.jpg {i % 401}\n' for i in range(100_000))
    size = len(pickle.dumps(read(text), protocol=4))
    assert size < len(text) + 100_000 * 12 + 2000


WORKERS = """
import multiprocessing, sys
from mmgb.datasets.image_list import read_image_list

def use_all(images, queue):
    found = [images[i] for i in range(0, len(images), 997)], int(images.labels.sum())
    parts = [int(column.array.view('u1').sum()) for column in vars(images).values()]
    private = sum(int(line.split()[1]) for line in open('/proc/self/smaps_rollup') if line.startswith('Private'))
    queue.put((found, private))

if __name__ == '__main__':
    context = multiprocessing.get_context(sys.argv[1])
    queue = context.Queue()
    private = []
    for count in (10, 1_500_000):
        content = ''.join(f'/a/airfield/{i:08d}.jpg {i % 401}\\n' for i in range(count)).encode()
        images = read_image_list(content)
        expected = [images[i] for i in range(0, count, 997)], int(images.labels.sum())
        for _ in range(2):
            worker = context.Process(target=use_all, args=(images, queue))
            worker.start()
            found, memory = queue.get()
            worker.join()
            assert found == expected
            private.append(memory * 1024)
    print(*private, len(content) + 12 * count)
"""


@pytest.mark.skipif(not Path('/proc/self/smaps_rollup').exists(), reason="reads memory from Linux's /proc")
@pytest.mark.parametrize('start_method', ['fork', 'spawn'])
def test_a_worker_that_uses_the_whole_list_adds_less_than_5_percent_of_it(start_method, tmp_path):
    (tmp_path / 'workers.py').write_text(WORKERS)
    process = run(tmp_path, str(tmp_path / 'workers.py'), start_method)
    *of_ten, first, second, whole = map(int, succeeded(process).split())
    assert whole > 60e6
    assert max(first, second) - min(of_ten) < 0.05 * whole


def test_a_shared_array_can_not_be_written_and_its_plain_pickle_holds_the_values():
    shared = SharedArray(np.arange(6).reshape(2, 3))
    with pytest.raises(ValueError, match='read-only'):
        shared.array[0] = 1
    assert (pickle.loads(pickle.dumps(shared)).array == np.arange(6).reshape(2, 3)).all()


def test_class_names_are_read_with_and_without_their_numbers():
    assert read_class_names(b'/a/airfield 0\n/b/bus station 1\n\n') == ('a/airfield', 'b/bus station')
    assert read_class_names(b'airfield\r\nbus station\n') == ('airfield', 'bus station')
    with pytest.raises(ValueError, match='^line 2: class number 2, expected 1'):
        read_class_names(b'/a/airfield 0\n/b/bus 2\n')
