import io

import pytest

from mmgb.utils import progress
from mmgb.utils.progress import Progress, format_duration


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves only when the test sets ``clock.now``."""

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progress, 'time', clock)
    return clock


def test_durations_below_an_hour_have_minutes_and_longer_ones_hours():
    assert [format_duration(seconds) for seconds in (0, 59.6, 61, 3599, 3600, 90061)] == [
        '0:00 min',
        '1:00 min',
        '1:01 min',
        '59:59 min',
        '1:00:00 h',
        '25:01:01 h',
    ]


def test_the_time_left_extrapolates_the_mean_time_of_the_finished_items(clock):
    work = Progress(4, 'images', interval=None)
    assert str(work) == '0 of 4 images, 0:00 min so far'
    clock.now = 30
    work.update()
    assert str(work) == '1 of 4 images, 0:30 min so far, about 1:30 min to go'
    work.update(3)
    assert str(work) == '4 of 4 images, 0:30 min so far'


def test_lines_keep_the_interval_and_the_last_one_is_printed_once(clock):
    stream = io.StringIO()
    with Progress(5, 'items', interval=10, stream=stream) as work:
        for now in (4, 9, 10, 19, 25):
            clock.now = now
            work.update()
    assert [line.partition(' items')[0] for line in stream.getvalue().splitlines()] == ['3 of 5', '5 of 5']


def test_an_error_in_the_loop_prints_no_final_line(clock, capsys):
    with pytest.raises(KeyError), Progress(2, 'items'):
        raise KeyError
    assert capsys.readouterr() == ('', '')


def test_lines_go_to_standard_error(capsys):
    with Progress(1, 'items') as work:
        work.update()
    captured = capsys.readouterr()
    assert captured.out == '' and captured.err.startswith('1 of 1 items, 0:00 min so far')


def test_without_an_interval_nothing_is_printed(capsys):
    with Progress(1, 'items', interval=None) as work:
        work.update()
    assert capsys.readouterr() == ('', '')
