"""A short run; tools/fuzz_inputs.py tries more."""

import pytest

from mmgb.hostile_inputs.campaign import run_campaign
from mmgb.hostile_inputs.image_lists import hostile_lists, read_plainly


@pytest.mark.parametrize('kind', [hostile_lists])
def test_no_hostile_input_is_accepted_or_ends_in_a_traceback(kind, tmp_path):
    found = run_campaign(kind, tmp_path, seed=0, count=200)
    assert (found['wrong'], found['traceback'], found['failures']) == (0, 0, [])
    assert found['refused'] > 200 / 3


@pytest.mark.parametrize(
    'content, expected',
    [
        (b'/a/b.jpg 3\r\nx y.png\t0\n\n', [('a/b.jpg', 3), ('x y.png', 0)]),
        (b'a.jpg 12', None),
        (b'a.jpg 1\na.jpg 2', None),
        (b'../a.jpg 1', None),
        (b'a\0.jpg 1', None),
    ],
)
def test_the_slow_reader_reads_lines_as_the_format_says(content, expected):
    assert read_plainly(content) == expected
