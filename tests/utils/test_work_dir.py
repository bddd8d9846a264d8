"""Readers of work directories, on files with mmengine's layout."""

import itertools
import json
import math
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mmengine.logging import MessageHub
from mmengine.runner import LogProcessor
from mmengine.visualization import LocalVisBackend

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


@pytest.mark.parametrize('by_epoch', [True, False])
def test_a_training_record_with_the_metrics_name_is_no_validation(tmp_path, by_epoch):
    """The records are those that mmengine's log processor and LocalVisBackend write for a short run."""
    runner = SimpleNamespace(message_hub=MessageHub.get_instance(f'work_dir_{by_epoch}'), epoch=0, iter=0)
    runner._train_loop = runner
    runner.max_epochs = runner.max_iters = 1
    runner.train_loop = runner.val_loop = SimpleNamespace(dataloader=[0])
    backend, processor = LocalVisBackend(str(tmp_path / '20260101_000000/vis_data')), LogProcessor(by_epoch=by_epoch)
    hub = runner.message_hub
    for name, value in {'train/score': 1.0, 'train/decode.acc_seg': 2.0, 'val/score': 3.0}.items():
        hub.update_scalar(name, value)
    backend.add_scalars(processor.get_log_after_iter(runner, 0, 'train')[0], step=1)
    backend.add_scalars(processor.get_log_after_epoch(runner, 1, 'val')[0], step=1)
    assert read_curve(tmp_path, 'score') == [(1, 3.0)]
    with pytest.raises(FileNotFoundError, match='no validation with decode.acc_seg .* only in records of the training'):
        read_curve(tmp_path, 'decode.acc_seg')


VALUES = st.floats(0, 100) | st.sampled_from([math.nan, math.inf, -math.inf])


@given(st.lists(VALUES, min_size=1))
def test_a_curve_has_the_finite_values_and_no_others(values):
    with tempfile.TemporaryDirectory() as folder:
        write_scalars(Path(folder), '20260101_000000', [{'mIoU': value, 'step': i} for i, value in enumerate(values)])
        assert read_curve(folder, 'mIoU') == [(i, v) for i, v in enumerate(values) if -math.inf < v < math.inf]


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
