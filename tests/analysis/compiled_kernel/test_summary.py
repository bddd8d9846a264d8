from mmgb.analysis.compiled_kernel.summary import LIMITS, exceeded_limits, summarise


def row(capability, soft, registers):
    case = dict(soft=soft, result='sum')
    return dict(
        case=case, capability=capability, registers=registers, spilled=0, shared=1024, double_operations=2.0 * soft
    )


ROWS = [row(75, False, 40), row(90, False, 50), row(75, False, 60), row(75, True, LIMITS['registers'] + 1)]


def test_maxima_are_taken_by_capability_target_and_result():
    assert [(found['capability'], found['target'], found['registers']) for found in summarise(ROWS)] == [
        (75, 'labels', 60),
        (75, 'class scores', LIMITS['registers'] + 1),
        (90, 'labels', 50),
    ]
    assert [found['compilations'] for found in summarise(ROWS)] == [2, 1, 1]


def test_a_row_above_a_limit_is_named():
    (sentence,) = exceeded_limits(ROWS)
    assert sentence.startswith('registers=169: expected at most 168 on compute capability 75')
