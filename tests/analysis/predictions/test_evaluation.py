"""Evaluation of stored test results by metrics of mmpretrain."""

import numpy as np
import pytest
import torch
from helpers.scene_results import make_sample
from mmengine.registry import DefaultScope

from mmgb.analysis.predictions.evaluation import check_metric_names, default_metrics, evaluate, metrics_table

SCORES = torch.rand(20, 6, generator=torch.Generator().manual_seed(0))
LABELS = np.arange(20) % 6
SAMPLES = [make_sample(f'{index}.jpg', SCORES[index], [LABELS[index]]) for index in range(20)]


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


def test_accuracy_is_top_1_and_top_5_by_default():
    found = evaluate(SAMPLES, default_metrics(['Accuracy'], 6))
    ranks = (SCORES.numpy() > SCORES.numpy()[np.arange(20), LABELS][:, None]).sum(1)
    assert found == pytest.approx({f'accuracy/top{k}': 100 * (ranks < k).mean() for k in (1, 5)})


def test_other_metrics_keep_their_default_settings_and_few_classes_have_no_top_5():
    assert default_metrics(['Accuracy', 'SingleLabelMetric'], 4) == [
        dict(type='Accuracy', topk=(1,)),
        dict(type='SingleLabelMetric'),
    ]


def test_metrics_that_do_not_fit_the_samples_are_refused_with_their_reason():
    with pytest.raises(ValueError, match="^the metrics Accuracy can't evaluate these results: .*Top-7"):
        evaluate(SAMPLES, [dict(type='Accuracy', topk=(7,))])


def test_an_unknown_metric_is_refused_by_name():
    check_metric_names(['Accuracy'], '--metrics')
    with pytest.raises(ValueError, match="^--metrics='NoSuchMetric': expected a metric of mmpretrain, such as Acc"):
        check_metric_names(['Accuracy', 'NoSuchMetric'], '--metrics')


def test_results_are_rows_and_metrics_are_columns():
    assert metrics_table({'a': {'top1': 50.0, 'n': 3}, 'ensemble': {'top1': 62.345, 'n': 4}}).splitlines() == [
        '|  | top1 | n |',
        '| --- | ---: | ---: |',
        '| a | 50.00 | 3 |',
        '| ensemble | 62.34 | 4 |',
    ]
