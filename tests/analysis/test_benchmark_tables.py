"""Tables of benchmarks compare each contender with the right one."""

from helpers.markdown_cells import table_cells

from mmgb.analysis.benchmark_tables import (
    gradient_stats_table,
    hypercolumn_table,
    loss_table,
    relay_table,
    sampler_table,
    segmentation_loss_table,
    stock_swaps_table,
)


def test_losses_are_compared_with_cross_entropy_and_the_memory_bound():
    case = dict(
        device='cpu',
        shape=[4, 21],
        dtype='float32',
        contenders={
            'F.cross_entropy': dict(median_ms=10.0, extra_memory=2.0),
            'exp-GB': dict(median_ms=6.0, extra_memory=1.1),
            'compiled': None,
            'memory bound': dict(median_ms=2.0, extra_memory=1.0),
        },
    )
    rows = table_cells(loss_table(case))
    assert rows[0][0] == 'cpu, (4, 21), float32'
    assert rows[3] == ['exp-GB', '6', '0.60', '3.0', '1.10'] and rows[4][1] == 'does not run here'


def test_relay_is_compared_with_multi_loss_and_its_bound():
    case = dict(
        device='cpu',
        network='net',
        images=8,
        size=128,
        bound=dict(median_ms=10.0),
        contenders={
            'multi-loss': dict(median_ms=100.0, peak_bytes=2e6),
            'relay': dict(median_ms=108.0, peak_bytes=2.1e6),
        },
    )
    rows = table_cells(relay_table(case))
    assert rows[3] == ['relay', '108', '1.080', '2', '1.050'] and rows[4][1:3] == ['110', '1.100']


def test_samplers_are_compared_with_mmdetections_algorithm():
    costs = dict(start_up_s=0.5, first_batch_s=0.25, memory_mb=None)
    case = dict(
        images=1_000_000,
        classes=401,
        contenders={'ours': costs | dict(epoch_s=0.5), "mmdetection's algorithm": costs | dict(epoch_s=6.0)},
    )
    rows = table_cells(sampler_table(case))
    assert rows[0][0] == '1,000,000 images, 401 classes'
    assert rows[2] == ['ours', '0.500', '0.250', '0.500', '12.0', 'not measured']


def test_a_recorded_iteration_is_compared_with_the_others():
    case = dict(
        network='MLP',
        batch=100,
        recorded=dict(median_ms=30.0),
        between=dict(median_ms=10.0),
        share_at_default_interval=0.02,
    )
    rows = table_cells(gradient_stats_table(dict(interval=100, results=[case])))
    assert rows[0][3] == '% of the time at interval 100'
    assert rows[2] == ['MLP, batches of 100', '10.0', '30.0', '2.00']


def test_losses_of_enlarged_scores_are_compared_with_cross_entropy():
    contenders = {
        'resize + cross-entropy': dict(median_ms=100.0, peak_bytes=30e6),
        'torch.compile of it': None,
        'pow3-GB, full resolution': dict(median_ms=8.0, peak_bytes=2e6),
    }
    rows = table_cells(segmentation_loss_table(dict(results=[dict(title='a', contenders=contenders)] * 2)))
    assert rows[3] == ['pow3-GB, full resolution', '8', '12.5', '2', '15.0'] and rows.count(rows[0]) == 2


def test_the_factorised_hypercolumn_is_compared_with_the_literal_one():
    contenders = dict(literal=dict(median_ms=30.0, peak_bytes=5e6), factorised=dict(median_ms=10.0, peak_bytes=1e6))
    rows = table_cells(hypercolumn_table(dict(results=[dict(title='a', contenders=contenders)])))
    assert rows[2] == ['a', '30', '10', '3.0', '5', '1', '5.0']


def test_a_spike_is_a_loss_far_above_the_first_or_not_finite():
    losses = {
        'softmax': [2.0, 1.0],
        'exp-gb': [2.0, 5.0, 1.0],
        'pow3-gb': [2.0, 'nan'],
        'other': 'ImportError: no operator',
    }
    case = dict(config='mmseg/x/name.py', optimizer='SGD, 0.1', images=4, steps=20, losses=losses)
    rows = table_cells(stock_swaps_table(dict(results=[case])))
    assert rows[2] == [
        *('mmseg: `name`', 'SGD, 0.1', '20 of 4', '1, 0.5', '**2.5, 0.5**', '**not finite at step 2**'),
        'ImportError: no operator',
    ]
    assert rows[0][-1] == 'other'
