"""What is said of recorded gradients in numbers, and the table of several runs."""

import json

import numpy as np
import pytest

from mmgb.analysis.gradients.records import DeltaHistogram
from mmgb.analysis.gradients.summary import delta_range, gradient_table, summarise_run, weight_gradient_table

NAN, INF = float('nan'), float('inf')


def histogram_at(step, epoch, loss='head.loss', values=(-1.0, 0.0, 1.0), not_finite=0):
    counts, edges = np.histogram(values, bins=200)
    return DeltaHistogram(step, epoch, 1, loss, edges.tolist(), counts.tolist(), not_finite)


HISTOGRAMS = [histogram_at(step, epoch) for step, epoch in ((1, 1), (3, 1), (5, 2), (7, 3), (8, 3))]


def test_rms_is_the_mean_over_the_records_of_the_first_and_of_the_last_epoch():
    curve = [(1, 1.0), (3, 2.0), (5, 100.0), (7, 7.0), (8, 8.0), (9, 1000.0)]  # of iteration 9 the epoch isn't known
    summary = summarise_run({'error_rms': {'conv': curve, 'dead': [(1, 0.0), (7, 1.0)]}}, HISTOGRAMS, {})
    assert summary['epochs'] == [1, 3]
    assert summary['error_rms'] == {
        'conv': dict(first=1.5, last=7.5, last_over_first=5.0),
        'dead': dict(first=0.0, last=1.0, last_over_first=None),
    }


def test_softmax_normaliser_is_that_of_the_first_record_and_the_mean_of_the_last_epoch():
    stats = {
        'softmax_normaliser_mean': {'head.loss': [(1, 10.0), (5, 20.0), (7, 30.0), (8, 50.0)]},
        'softmax_normaliser_sum': {'head.loss': [(1, 80.0), (7, 240.0), (8, 400.0)]},
    }
    assert summarise_run(stats, HISTOGRAMS, {})['softmax_normaliser'] == {
        'head.loss': dict(mean=dict(first_record=10.0, last_epoch=40.0), sum=dict(first_record=80.0, last_epoch=320.0))
    }


def test_numbers_that_json_lacks_are_none():
    stats = {
        'error_rms': {'conv': [(1, 1.0), (7, NAN), (8, 2.0)]},
        'softmax_normaliser_mean': {'head.loss': [(1, INF), (7, 3.0)]},
    }
    summary = json.loads(json.dumps(summarise_run(stats, HISTOGRAMS, {}), allow_nan=False))
    assert summary['error_rms']['conv'] == dict(first=1.0, last=None, last_over_first=None)
    assert summary['softmax_normaliser']['head.loss']['mean'] == dict(first_record=None, last_epoch=3.0)


def test_without_histograms_nothing_is_known_by_epoch():
    summary = summarise_run({'error_rms': {'conv': [(1, 1.0)]}}, [], {})
    assert summary == dict(
        epochs=[], error_rms={}, weight_grad_mean={}, weight_grad_ratio={}, softmax_normaliser={}, deltas={}
    )


def test_range_of_the_deltas_is_exact_and_its_middle_leaves_out_at_most_one_percent_on_each_side():
    values = np.random.default_rng(0).standard_normal(5000) ** 3
    found = delta_range(histogram_at(1, 1, values=values, not_finite=2))
    assert found['range'] == pytest.approx([values.min(), values.max()], rel=1e-12) and found['not_finite'] == 2
    low, high = found['middle_98_percent']
    bin_width = np.ptp(values) / 200
    assert (values < low).mean() <= 0.01 < (values < low + bin_width).mean()
    assert (values > high).mean() <= 0.01 < (values > high - bin_width).mean()


def test_empty_bins_at_the_ends_are_no_range_and_without_a_delta_there_is_none():
    histogram = DeltaHistogram(1, 1, 1, 'head.loss', [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [0, 2, 0, 1, 0], 0)
    assert delta_range(histogram)['range'] == delta_range(histogram)['middle_98_percent'] == [1.0, 4.0]
    assert delta_range(histogram._replace(counts=[0] * 5, not_finite=3)) == dict(
        range=None, middle_98_percent=None, not_finite=3
    )


def run(hidden, normaliser, deltas, epochs=(1, 10), moment='epoch 1'):
    """``hidden``: (first, last) of each layer below the output layer."""
    rms = {
        f'layer{index}': dict(first=first, last=last, last_over_first=last / first)
        for index, (first, last) in enumerate([*hidden, (99.0, 9999.0)])
    }
    return dict(
        epochs=list(epochs),
        error_rms=rms,
        deltas={moment: deltas},
        softmax_normaliser={'head.loss': dict(mean=dict(zip(('first_record', 'last_epoch'), normaliser)))},
    )


def test_rows_compare_the_median_hidden_layer_with_the_first_run_and_with_the_last_epoch():
    softmax = run(
        [(1.0, 1.0), (2.0, 6.0), (4.0, 8.0)],
        (2342.0, 5e6),
        {'head.loss': dict(range=[-1.0, 1.0], middle_98_percent=[-0.9, 0.5], not_finite=0)},
    )
    pow3 = run(
        [(100.0, 900.0), (500.0, 1000.0)],
        (10.0, None),
        {
            'head.loss': dict(range=[-9.75, 2.0], middle_98_percent=None, not_finite=0),
            'aux.loss': dict(range=[-9.0, 3.0], middle_98_percent=[-8.0, 2.0], not_finite=0),
        },
    )
    header, _, *rows = gradient_table({'softmax': softmax, 'pow3-GB': pow3}).splitlines()
    assert header == (
        '|  | RMS of hidden layers, first epoch | / softmax | RMS, last / first epoch | output deltas, '
        'epoch 1 | of these, middle 98 % | s, first batch | s, last epoch |'
    )
    # Medians of 1, 2, 4 and 100, 500; of 1, 3, 2 and 9, 2.
    assert rows == [
        '| softmax | 2 | 1 | 2 | -1 to 1 | -0.9 to 0.5 | 2,342 | 5e+06 |',
        '| pow3-GB | 300 | 150 | 5.5 | -9.75 to 2 / -9 to 3 | ? / -8 to 2 | 10 | ? |',
    ]


def test_one_epoch_has_no_growth_and_what_a_run_lacks_is_left_out():
    once = run([(1.0, 1.0)], (2.0, 2.0), {}, epochs=(1, 1))
    nothing = dict(epochs=[], error_rms={}, softmax_normaliser={}, deltas={})
    assert gradient_table({'once': once, 'nothing': nothing}).splitlines()[2:] == [
        '| once | 1 | 1 |  |  |  | 2 | 2 |',
        '| nothing | ? | ? |  |  |  |  |  |',
    ]


def test_no_run_is_refused():
    with pytest.raises(ValueError, match='runs={}: expected one at least'):
        gradient_table({})


def test_weights_gradients_are_summarised_as_the_errors_are():
    curves = {'conv': [(1, 1.0), (3, 2.0), (7, 7.0), (8, 8.0)]}
    summary = summarise_run(dict(error_rms=curves, weight_grad_mean=curves, weight_grad_ratio=curves), HISTOGRAMS, {})
    assert summary['weight_grad_mean'] == summary['weight_grad_ratio'] == summary['error_rms']


def test_lower_half_of_the_hidden_layers_stands_beside_the_upper_one():
    def layers(*pairs):
        return {f'layer{index}': dict(first=first, last=last) for index, (first, last) in enumerate(pairs)}

    output = (99.0, 99.0)
    vgg = dict(
        weight_grad_mean=layers((1.0, 10.0), (3.0, 30.0), (2.0, 20.0), (7.0, None), output),
        weight_grad_ratio=layers((0.5, 0.1), (0.7, 0.3), (4.0, 5.0), output),
    )  # three hidden ones: two are the lower
    assert weight_gradient_table({'VGG': vgg}).splitlines()[2] == '| VGG | 2 / 4.5 | 20 / ? | 0.6 / 4 | 0.2 / 5 |'
