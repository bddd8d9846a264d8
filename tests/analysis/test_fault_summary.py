from mmgb.analysis.fault_summary import fault_summary


def case(name, kills, equal):
    return dict(
        scenario=name,
        versions=dict(mmengine='0.10.7', torch='2.14', python='3.11.7'),
        kills=[{}] * kills,
        differing=[] if equal else [3],
        logs_equal=True,
        final_state_equal=True,
    )


def test_a_chain_whose_iterations_differ_has_survived_no_kill():
    report = dict(results=[case('dropout', 8, True), case('digits', 6, False)])
    rows = fault_summary({'killed_runs.json': report}).splitlines()[2:]
    stack = 'mmengine 0.10.7, torch 2.14, Python 3.11.7'
    assert rows == [f'| SIGKILL of dropout ({stack}) | 8 | 8 |', f'| SIGKILL of digits ({stack}) | 6 | 0 |']


def test_another_fault_is_survived_if_a_sentence_names_it_and_the_resumed_training_is_equal():
    faults = [
        dict(fault='full disk', sentence='No space', resumed_equal=True),
        dict(fault='hang', sentence='', exit_code=1),
        dict(fault='damaged file', sentence='damaged', resumed_equal=False),
    ]
    rows = fault_summary({'other_faults.json': dict(results=faults)}).splitlines()[2:]
    assert [row.split('|')[3].strip() for row in rows] == ['1', '0', '0']


def test_reports_that_do_not_exist_are_named_as_missing():
    assert fault_summary({}) == 'Not measured yet.\n'
