from helpers.markdown_cells import row_cells

from mmgb.analysis.scaling_table import constants_table, measured_table, modelled_table

PROCESSES = [
    dict(processes=1, step_s=1.0, samples_per_s=4.0, communication=0.0),
    dict(processes=2, step_s=1.6, samples_per_s=5.0, communication=0.125),
]
RESULTS = dict(
    results=[dict(title='net', processes=PROCESSES)],
    workloads=[dict(name='net', multiply_adds=2e9, gradient_bytes=1e8, batch=32, loading_s=0.004)],
    machines=[
        dict(
            name='gpu',
            multiply_adds_per_s=1e12,
            gpus_per_node=8,
            bandwidth_inside=1e11,
            bandwidth_between=1e10,
            latency=0.0,
            cores=8,
            overlap=1.0,
        )
    ],
)


def test_measured_processes_are_compared_with_one():
    assert measured_table(RESULTS).splitlines()[2:] == ['| net | 1 | 4.0 | 1.00 | 0 |', '| net | 2 | 5.0 | 1.25 | 12 |']


def test_constants_are_in_readable_units():
    assert constants_table(RESULTS).splitlines()[2] == '| net | 2.0 | 100 | 32 | 4.0 |'


def test_the_model_names_speed_efficiency_and_where_it_stops():
    (row,) = modelled_table(RESULTS).splitlines()[2:]
    cells = row_cells(row)
    assert cells[:2] == ['gpu', 'net'] and cells[2] == '167 (100 %)' and cells[5] == 'computing'
