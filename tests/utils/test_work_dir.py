"""Reading work directories, on files as mmengine writes them."""

import json

import pytest

from mmgb.utils.work_dir import read_curve, read_test

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


def test_curve_joins_the_logs_of_a_killed_and_resumed_run(tmp_path):
    write_scalars(
        tmp_path,
        '20260101_000000',
        [{'loss': 3.0, 'step': 50}, {'mIoU': 10.0, 'step': 1}, {'mIoU': 20.0, 'step': 2}],
        tail='{"mIoU": 99',
    )
    write_scalars(tmp_path, '20260102_000000', [{'mIoU': 21.0, 'step': 2}, {'mIoU': 30.0, 'aAcc': 1.0, 'step': 3}])
    assert read_curve(tmp_path, 'mIoU') == [(1, 10.0), (2, 21.0), (3, 30.0)]


def test_test_result_is_the_latest_with_its_last_class_table(tmp_path):
    for start, value in (('20260101_000000', 1.0), ('20260102_000000', 47.38)):
        folder = tmp_path / start
        folder.mkdir()
        (folder / f'{start}.json').write_text(json.dumps({'aAcc': 91.0, 'mIoU': value, 'data_time': 0.1, 'time': 0.2}))
        (folder / f'{start}.log').write_text(LOG)
    result = read_test(tmp_path)
    assert result.metrics == {'aAcc': 91.0, 'mIoU': 47.38}
    assert result.class_iou == {'background': 91.25, 'dining table': 3.5}


def test_folders_without_results_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='no validation with mIoU'):
        read_curve(tmp_path, 'mIoU')
    with pytest.raises(FileNotFoundError, match='no finished test'):
        read_test(tmp_path)
