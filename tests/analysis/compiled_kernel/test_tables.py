from mmgb.analysis.compiled_kernel.tables import resources_table, traffic_table

REPORT = dict(
    compilations=10,
    of=40,
    exceeded=['a sentence'],
    results=[
        dict(
            capability=90,
            target='labels',
            result='sum',
            compilations=10,
            registers=64,
            spilled=0,
            shared=1536,
            double_operations=1.6,
        )
    ],
    traffic=[
        dict(
            layout='rows',
            shape=[16, 1000],
            scores='bfloat16',
            target='int64 labels',
            forward=dict(read=2.1, written=0.03),
            backward=dict(read=2.1, written=2.0),
        )
    ],
)


def test_resources_say_how_many_combinations_they_are_of():
    text = resources_table(REPORT)
    assert text.startswith('10 of 40 combinations compiled, 1 over the limits.\n\n| largest of |')
    assert text.endswith('| sm_90, labels, sum | 10 | 64 | 0 | 1.5 | 2 |\n')


def test_traffic_is_compared_with_reading_scores_twice_and_writing_gradients_once():
    (row,) = traffic_table(REPORT).splitlines()[2:]
    assert row == '| rows (16, 1000), bfloat16, int64 labels | 2.10 | 0.03 | 2.10 | 2.00 | 6.23 | 6 |'
