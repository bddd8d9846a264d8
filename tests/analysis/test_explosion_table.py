from mmgb.analysis.explosion_table import endings, explosion_table


def result(rate, verdict, iterations, **loss):
    return dict(loss=dict(type='mmgb.Pow3GBLoss', **loss), learning_rate=rate, verdict=verdict, iterations=iterations)


RESULTS = [
    result(10.0, 'stops', 3, alpha=0.1, targets=[0, 1]),
    result(10.0, 'stops', 7, alpha=0.1, targets=[0, 2]),
    result(0.1, 'falls', 60, alpha=0.1, targets=[0, 1]),
    result(0.1, 'stops', 9, alpha=0.1, targets=[0, 2]),
    result(0.1, 'refused', 0, alpha=1.0, max_delta=3.0),
    result(10.0, 'rises', 60, matched=True),
]


def test_the_trainings_of_all_targets_share_a_cell():
    lines = explosion_table(RESULTS).splitlines()
    assert lines[0] == '| loss | alpha | max_delta | 0.1 | 10 |'
    assert lines[2] == '| Pow3GBLoss | 0.1 |  | 1 falls, 1 stops at 9 | 2 stops at 3–7 |'
    assert lines[3] == '| Pow3GBLoss | 1 | 3 | refused |  |'
    assert lines[4] == '| Pow3GBLoss, matched |  |  |  | 1 rises |'


def test_endings_name_the_iterations_of_the_stopped_trainings_only():
    assert endings(RESULTS[:2]) == '2 stops at 3–7'
    assert endings(RESULTS[3:4]) == '1 stops at 9'
    assert endings(RESULTS[4:5]) == 'refused'
