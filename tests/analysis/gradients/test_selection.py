"""Choice of the recorded curves and histograms that figures show."""

import pytest

from mmgb.analysis.gradients.selection import RecordedRun, choose_histograms, choose_layers, with_statistics
from mmgb.utils.gradient_records import DeltaHistogram

CURVE = [(1, 1.0)]


def histogram(step, epoch, batch):
    return DeltaHistogram(step, epoch, batch, 'head.loss', [0.0, 1.0], [1], 0)


HISTOGRAMS = [histogram(1, 1, 1), histogram(2, 1, 2), histogram(3, 2, 1), histogram(4, 2, 2)]
RUNS = {'run': RecordedRun({}, HISTOGRAMS), 'short': RecordedRun({}, HISTOGRAMS[:2]), 'none': RecordedRun({}, [])}


def test_runs_that_lack_a_statistic_are_left_out():
    runs = {
        'both': RecordedRun({'mean': {'a': CURVE}, 'sum': {'b': CURVE}}, []),
        'one': RecordedRun({'mean': {'a': CURVE}}, []),
    }
    assert with_statistics(runs, 'mean', 'sum') == {'both': ({'a': CURVE}, {'b': CURVE})}


def test_every_second_layer_counted_back_from_the_last_is_the_default():
    curves = [dict.fromkeys('abcd', CURVE), dict.fromkeys('cde', CURVE)]
    assert choose_layers(curves, None) == ['a', 'c', 'e']
    assert choose_layers(curves, ['d', 'b']) == ['d', 'b']


def test_a_layer_that_no_run_recorded_is_refused_with_the_recorded_ones():
    with pytest.raises(ValueError, match='^--layers x: expected recorded layers: a, b$'):
        choose_layers([dict.fromkeys('ab', CURVE)], ['a', 'x'])


def test_histograms_of_the_first_batch_of_the_epochs_are_chosen():
    assert choose_histograms(RUNS, [1, 2, 9], None) == {
        'run': {'epoch 1': [HISTOGRAMS[0]], 'epoch 2': [HISTOGRAMS[2]]},
        'short': {'epoch 1': [HISTOGRAMS[0]]},
    }


def test_iterations_are_chosen_instead_of_epochs():
    assert choose_histograms(RUNS, [1], [4]) == {'run': {'iteration 4': [HISTOGRAMS[3]]}}


@pytest.mark.parametrize(
    'epochs, iterations, message',
    [
        ([7], None, '--epochs 7: expected epochs with recorded histograms: 1, 2'),
        ([1], [8, 9], '--iterations 8 9: expected iterations with recorded histograms: 1, 2, 3, 4'),
    ],
)
def test_moments_without_a_histogram_are_refused_with_the_recorded_ones(epochs, iterations, message):
    with pytest.raises(ValueError, match=f'^{message}$'):
        choose_histograms(RUNS, epochs, iterations)


def test_runs_without_any_histogram_have_none_to_choose():
    assert choose_histograms({'none': RUNS['none']}, [1], None) == {}
