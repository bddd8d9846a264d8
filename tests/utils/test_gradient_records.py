"""Gradient records survive writing and reading; their names don't change, since old logs have them."""

import json

from mmgb.utils.gradient_records import DeltaHistogram, append_histograms, parse_scalar_name, scalar_name


def test_scalar_names_are_split_into_statistic_and_module_path():
    name = scalar_name('error_rms', 'backbone.stages.0')
    assert name == 'grad_stats/error_rms/backbone.stages.0'
    assert parse_scalar_name(name) == ('error_rms', 'backbone.stages.0')
    assert parse_scalar_name('loss') is None


def test_appended_histograms_are_read_back_line_by_line(tmp_path):
    histograms = [
        DeltaHistogram(step, 1, step, 'head.loss_module', [-1.0, 0.25, 1.5], [3, step], 2) for step in range(1, 4)
    ]
    append_histograms(tmp_path / 'vis_data', histograms[:2])
    append_histograms(tmp_path / 'vis_data', histograms[2:])
    lines = (tmp_path / 'vis_data/gradient_histograms.json').read_text().splitlines()
    assert [DeltaHistogram(**json.loads(line)) for line in lines] == histograms
    assert list(json.loads(lines[0])) == ['step', 'epoch', 'batch', 'loss', 'edges', 'counts', 'not_finite']
