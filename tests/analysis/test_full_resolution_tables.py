"""Tables of the reports on losses at full resolution."""

from helpers.markdown_cells import table_cells

from mmgb.analysis.full_resolution_tables import (
    compared_trainings_table,
    largest_batch_table,
    loss_distance_table,
    quadrature_error_table,
)


def training(name, losses, **metrics):
    tested = dict(metrics=dict(mIoU=39.171, aAcc=90.2), validation=dict(mIoU=39.17)) if metrics else {}
    return dict(training=name, losses=losses) | tested


def test_a_resumed_training_is_equal_only_if_its_losses_and_its_state_are():
    results = [training('wrapped_killed', [2.0, 1.5], tested=True), training('plain_float64', [1.0])]
    killed = dict(killed_after=7, resumed_after=6, final_state_equal=True)
    for losses_equal, verdict in ((True, 'equal'), (False, '**not** equal')):
        report = dict(results=results, killed=killed | dict(losses_equal=losses_equal))
        *_, row = table_cells(compared_trainings_table(report))
        assert row == [
            'wrapped_killed',
            '2',
            f'killed after iteration 7, resumed after 6: {verdict}',
            '1.500',
            '39.17',
            '90.20',
            '39.17',
        ]


def test_the_largest_distance_of_the_losses_so_far_is_relative():
    losses = {
        'plain': [2.0, 4.0, 1.0, 1.0],
        'wrapped': [2.0, 4.2, 1.01, 1.0],
        'plain_float64': [1.0, 1.0],
        'wrapped_float64': [1.0, 1.0],
    }
    text = loss_distance_table(dict(results=[training(*item) for item in losses.items()]))
    assert table_cells(text)[2:5] == [
        ['first', '0', '1e+00', '0'],
        ['first 4', '5e-02', '', ''],
        ['first 7', '', '', ''],
    ]


def test_errors_are_shares_of_their_bound():
    found = dict(loss='exp-GB', scores='noise', relative_error=2e-7, of_bound=0.0125, at_pixels=0.0002)
    strips = found | dict(at_pixels=1.0)
    text = quadrature_error_table(dict(results=[found, strips], shape=[12, 21, 25, 25], size=[200, 200]))
    header, _, first, second = table_cells(text)
    assert header[1] == 'scores (12, 21, 25, 25) enlarged to 200 x 200'
    assert first == ['exp-GB', 'noise', '2.0e-07', '1.2 %', '0.02 %'] and second[-1] == 'all, in strips'


def test_the_largest_batch_is_the_last_one_within_the_limit():
    runs = [dict(images=images, peak_bytes=images * 2**30) for images in (1, 2, 8, 9)]
    results = [dict(contender='a', runs=runs), dict(contender='b', runs=runs[-1:])]
    report = dict(network='FCN', classes=150, size=512, limit=8 * 2**30, results=results)
    header, _, first, second = table_cells(largest_batch_table(report))
    assert header[1] == 'largest batch in 8 GiB'
    assert first == ['a', '8', '1: 1.00, 2: 2.00, 8: 8.00, 9: 9.00'] and second[1] == '0'
