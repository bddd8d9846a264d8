"""Tables that compare segmentation runs."""

import pytest

from mmgb.analysis.predictions.comparison_table import comparison_table, rates_table
from mmgb.utils.work_dir import Evaluation


def test_runs_are_columns_and_metrics_and_classes_are_rows():
    table = comparison_table(
        {
            'softmax': Evaluation({'mIoU': 12.34}, {'ground': 90.0, 'cat': 1.26}),
            'exp-GB': Evaluation({'mIoU': 20.0}, {'ground': 91.0, 'cat': 2.0}),
        }
    )
    assert table.splitlines() == [
        '| % | softmax | exp-GB |',
        '| --- | ---: | ---: |',
        '| mIoU | 12.3 | 20.0 |',
        '| IoU ground | 90.0 | 91.0 |',
        '| IoU cat | 1.3 | 2.0 |',
    ]


def test_runs_with_different_classes_are_refused():
    with pytest.raises(ValueError, match='^b: expected the metrics and classes of a, got mIoU, IoU dog$'):
        comparison_table({'a': Evaluation({'mIoU': 1.0}, {'cat': 1.0}), 'b': Evaluation({'mIoU': 1.0}, {'dog': 1.0})})


def test_best_learning_rate_of_each_loss_is_bold():
    table = rates_table({'softmax': {'0.1': 3.0, '0.3': 4.56}, 'exp-GB': {'0.01': 9.0, '0.03': 8.0}})
    assert table.splitlines() == [
        '| loss | rate: mIoU | rate: mIoU |',
        '| --- | ---: | ---: |',
        '| softmax | 0.1: 3.0 | 0.3: **4.6** |',
        '| exp-GB | 0.01: **9.0** | 0.03: 8.0 |',
    ]
