import pytest

from mmgb.analysis.comparison_table import comparison_table
from mmgb.analysis.work_dir import Evaluation


def test_one_row_a_run_one_column_a_metric_and_class():
    table = comparison_table({'softmax': Evaluation({'mIoU': 12.34}, {'ground': 90., 'cat': 1.26}),
                              'exp-GB': Evaluation({'mIoU': 20.}, {'ground': 91., 'cat': 2.}) })
    assert table.splitlines() == ['| run | mIoU | ground | cat |', '| --- | ---: | ---: | ---: |',
                                  '| softmax | 12.3 | 90.0 | 1.3 |', '| exp-GB | 20.0 | 91.0 | 2.0 |']


def test_runs_on_other_classes_are_not_mixed():
    with pytest.raises(ValueError, match='b: tested with other metrics or classes than a'):
        comparison_table({'a': Evaluation({'mIoU': 1.}, {'cat': 1.}), 'b': Evaluation({'mIoU': 1.}, {'dog': 1.})})
