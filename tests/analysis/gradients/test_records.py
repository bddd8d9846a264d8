"""Readers of gradient records, on logs of the hook and on damaged ones."""

import json

import pytest
from helpers.gradient_runs import Net, train, written

from mmgb.analysis.gradients.records import read_delta_histograms, read_gradient_stats


def write_log(folder, start, name, *lines, tail=''):
    logs = folder / start / 'vis_data'
    logs.mkdir(parents=True, exist_ok=True)
    (logs / name).write_text(''.join(json.dumps(line) + '\n' for line in lines) + tail)


def test_records_of_the_hook_are_read_with_layers_in_the_order_of_the_forward_pass(tmp_path):
    train(tmp_path, Net(), batch_size=4, epochs=2)
    stats = read_gradient_stats(tmp_path)
    scalars, lines = written(tmp_path)
    for statistic in ('error_rms', 'weight_grad_mean', 'weight_grad_ratio'):
        assert list(stats[statistic]) == ['conv1', 'conv2', 'head.fc']
        for layer, curve in stats[statistic].items():
            assert curve == [(step, scalars[step][f'{statistic}/{layer}']) for step in (1, 2, 3, 4)]
    assert [histogram._asdict() for histogram in read_delta_histograms(tmp_path)] == lines


def test_layers_follow_the_forward_pass_even_where_another_statistic_lists_them_differently(tmp_path):
    record = {
        'grad_stats/weight_grad_mean/b': 1.0,
        'grad_stats/weight_grad_mean/unknown': 1.0,
        'grad_stats/weight_grad_mean/a': 1.0,
        'grad_stats/activation_variance/a': 1.0,
        'grad_stats/activation_variance/b': 1.0,
        'step': 1,
    }
    write_log(tmp_path, '1', 'scalars.json', record)
    assert list(read_gradient_stats(tmp_path)['weight_grad_mean']) == ['a', 'b', 'unknown']


def test_later_log_of_a_resumed_run_wins_and_a_broken_line_is_skipped(tmp_path):
    name = 'grad_stats/error_rms/a'
    write_log(tmp_path, '1', 'scalars.json', {name: 1.0, 'step': 1}, {name: 2.0, 'step': 2})
    write_log(tmp_path, '2', 'scalars.json', {name: 3.0, 'step': 2}, {'loss': 1, 'step': 3}, tail='{"grad_st')
    assert read_gradient_stats(tmp_path) == {'error_rms': {'a': [(1, 1.0), (2, 3.0)]}}


def test_later_histogram_of_a_resumed_run_wins(tmp_path):
    def histogram(step, loss, count):
        return dict(step=step, epoch=1, batch=step, loss=loss, edges=[0.0, 1.0], counts=[count], not_finite=0)

    name = 'gradient_histograms.json'
    write_log(tmp_path, '1', name, histogram(2, 'a', 1), histogram(2, 'b', 2), histogram(1, 'a', 3))
    write_log(tmp_path, '2', name, histogram(2, 'a', 4))
    found = [(h.step, h.loss, h.counts) for h in read_delta_histograms(tmp_path)]
    assert found == [(1, 'a', [3]), (2, 'a', [4]), (2, 'b', [2])]


def test_a_folder_without_records_is_named_with_the_hook_to_add(tmp_path):
    write_log(tmp_path, '1', 'scalars.json', {'loss': 1.0, 'step': 1})
    with pytest.raises(FileNotFoundError, match=f'^{tmp_path}: no records of GradientStatsHook .* custom_hooks='):
        read_gradient_stats(tmp_path)
    assert read_delta_histograms(tmp_path) == []
