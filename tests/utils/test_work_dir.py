"""Readers of work directories, on files with mmengine's layout."""

import itertools
import json

import pytest

from mmgb.utils.work_dir import read_curve, read_records, read_test

LOG = """2026/01/01 00:00:00 - mmengine - INFO - per class results:
2026/01/01 00:00:00 - mmengine - INFO -
+-------------+-------+-------+
|    Class    |  IoU  |  Acc  |
+-------------+-------+-------+
|  background |  1.0  |  2.0  |
|  dining table |  nan  |  nan  |
+-------------+-------+-------+
2026/01/01 00:00:09 - mmengine - INFO - per class results:
2026/01/01 00:00:09 - mmengine - INFO -
+-------------+-------+-------+
|    Class    |  IoU  |  Acc  |
+-------------+-------+-------+
|  background | 91.25 | 95.5  |
|  dining table | 3.5 | 40.0  |
+-------------+-------+-------+
2026/01/01 00:00:09 - mmengine - INFO - Iter(test) [2/2]    aAcc: 91.0000  mIoU: 47.3800
"""


def write_scalars(work_dir, start, records, tail=''):
    folder = work_dir / start / 'vis_data'
    folder.mkdir(parents=True)
    (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, records)) + '\n' + tail)


def test_curve_joins_the_logs_of_an_interrupted_and_resumed_run(tmp_path):
    write_scalars(
        tmp_path,
        '20260101_000000',
        [{'loss': 3.0, 'step': 50}, {'mIoU': 10.0, 'step': 1}, {'mIoU': 20.0, 'step': 2}],
        tail='{"mIoU": 99',
    )
    write_scalars(tmp_path, '20260102_000000', [{'mIoU': 21.0, 'step': 2}, {'mIoU': 30.0, 'aAcc': 1.0, 'step': 3}])
    assert read_curve(tmp_path, 'mIoU') == [(1, 10.0), (2, 21.0), (3, 30.0)]


def test_records_are_read_oldest_log_first_without_a_broken_last_line(tmp_path):
    write_scalars(tmp_path, '20260102_000000', [{'step': 2}])
    write_scalars(tmp_path, '20260101_000000', [{'step': 1}], tail='{"st')
    assert list(read_records(tmp_path, 'scalars.json')) == [{'step': 1}, {'step': 2}]


def test_latest_test_is_read_with_the_last_class_table_of_its_log(tmp_path):
    for start, value in (('20260101_000000', 1.0), ('20260102_000000', 47.38)):
        folder = tmp_path / start
        folder.mkdir()
        (folder / f'{start}.json').write_text(json.dumps({'aAcc': 91.0, 'mIoU': value, 'data_time': 0.1, 'time': 0.2}))
        (folder / f'{start}.log').write_text(LOG)
    result = read_test(tmp_path)
    assert result.metrics == {'aAcc': 91.0, 'mIoU': 47.38}
    assert result.class_iou == {'background': 91.25, 'dining table': 3.5}


@pytest.mark.parametrize('columns', itertools.permutations(['IoU', 'Dice', 'Acc']))
def test_the_iou_of_a_class_is_read_from_its_column_wherever_it_is(tmp_path, columns):
    assert write_and_read_table(tmp_path, dict.fromkeys(columns, 1.0) | {'IoU': 47.5}) == {'cat': 47.5, 'a|b': 47.5}


def test_a_class_table_without_iou_gives_no_iou(tmp_path):
    assert write_and_read_table(tmp_path, {'Fscore': 1.0, 'Precision': 2.0}) == {}


def write_and_read_table(work_dir, values):
    """Write a test's result with the table that mmseg's IoUMetric prints for these columns, and read the IoUs."""
    rows = [['Class', *values], *([name, *map(str, values.values())] for name in ('cat', 'a|b'))]
    border = '+---' * len(rows[0]) + '+'
    table = '\n'.join(
        [border, '| ' + ' | '.join(rows[0]) + ' |', border, *('| ' + ' | '.join(row) + ' |' for row in rows[1:])]
    )
    folder = work_dir / '20260101_000000'
    folder.mkdir()
    (folder / '20260101_000000.json').write_text('{}')
    (folder / '20260101_000000.log').write_text(f'INFO - per class results:\nINFO - \n{table}\n{border}\nINFO - end\n')
    return read_test(work_dir).class_iou


def test_error_names_the_folder_without_results(tmp_path):
    with pytest.raises(FileNotFoundError, match=f'{tmp_path}: no validation with mIoU'):
        read_curve(tmp_path, 'mIoU')
    with pytest.raises(FileNotFoundError, match=f'{tmp_path}: no finished test'):
        read_test(tmp_path)
