"""Tables that compare the gradients of several runs."""

import pytest

from mmgb.analysis.gradients.tables import gradient_table, weight_gradient_table


def run(hidden, normaliser, deltas, epochs=(1, 10), moment='epoch 1'):
    """A summary; ``hidden`` has (first, last) RMS of each layer below the output layer."""
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


def test_median_hidden_layer_is_compared_with_the_first_run_and_with_the_last_epoch():
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


def test_a_single_epoch_has_no_growth_and_missing_records_leave_empty_cells():
    once = run([(1.0, 1.0)], (2.0, 2.0), {}, epochs=(1, 1))
    nothing = dict(epochs=[], error_rms={}, softmax_normaliser={}, deltas={})
    assert gradient_table({'once': once, 'nothing': nothing}).splitlines()[2:] == [
        '| once | 1 | 1 |  |  |  | 2 | 2 |',
        '| nothing | ? | ? |  |  |  |  |  |',
    ]


def test_no_run_is_refused():
    with pytest.raises(ValueError, match='^runs={}: expected at least one run$'):
        gradient_table({})


def test_cells_have_the_medians_of_the_lower_and_of_the_upper_hidden_layers():
    def layers(*pairs):
        return {f'layer{index}': dict(first=first, last=last) for index, (first, last) in enumerate(pairs)}

    output = (99.0, 99.0)
    vgg = dict(
        weight_grad_mean=layers((1.0, 10.0), (3.0, 30.0), (2.0, 20.0), (7.0, None), output),
        weight_grad_ratio=layers((0.5, 0.1), (0.7, 0.3), (4.0, 5.0), output),
    )  # three hidden layers: the lower half has two
    assert weight_gradient_table({'VGG': vgg}).splitlines()[2] == '| VGG | 2 / 4.5 | 20 / ? | 0.6 / 4 | 0.2 / 5 |'
