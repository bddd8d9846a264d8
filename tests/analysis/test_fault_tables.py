from helpers.markdown_cells import table_cells

from mmgb.analysis.fault_tables import killed_runs_table, other_faults_table, workers_and_ranks_table


def test_kills_are_counted_by_kind_and_repeated_iterations_summed():
    kills = [
        dict(kind='one rank', iteration=7, resumed_at=4, damaged=None),
        dict(kind='while saving', iteration=12, resumed_at=8, damaged='truncated'),
    ]
    versions = dict(mmengine='0.10.7', torch='2.14', python='3.11.7')
    case = dict(scenario='dropout', versions=versions, kills=kills, logs_equal=True)
    text = killed_runs_table(dict(results=[case | dict(differing=[3, 3, 4], final_state_equal=False)]))
    header, _, row = table_cells(text)
    assert header[2:6] == ['kills: one rank', 'kills: all processes', 'kills: the launcher', 'kills: while saving']
    assert row[:2] == ['dropout', 'mmengine 0.10.7, torch 2.14, Python 3.11.7']
    assert row[2:] == ['1', '0', '0', '1', '1', str(7 - 4 + 12 - 8), '2', 'equal', 'differ']


def test_workers_and_ranks_are_compared_by_iterations():
    apart = dict(first_loss_apart=1e-8, largest_loss_apart=2e-4, weights_apart=3e-5)
    two = dict(network='no norm', iterations=9, same_samples=9, **apart)
    run = dict(run='workers=1', iterations=9, differing=2, final_state_equal=False)
    *_, one, ranks = table_cells(workers_and_ranks_table(dict(results=[run], two_ranks=[two])))
    assert one == ['workers=1', '7 of 9', '7 of 9', 'differ']
    assert ranks[1:] == ['9 of 9', 'first apart by 1.0e-08, at most 2.0e-04', 'apart by 3.0e-05']


def test_a_fault_has_its_sentence_and_what_follows():
    rows = [
        dict(fault='hang', sentence='a | b', reported_after_s=15.2, ended_after_s=46, resumed_equal=True),
        dict(fault='image', sentence='no', skipped=1),
        dict(fault='model', sentence='no', exit_code=2),
    ]
    text = other_faults_table(dict(results=rows))
    assert '| hang | `a \\| b` | reported after 15 s, all processes ended after 46 s, the resumed training is ' in text
    assert "| on_error='skip' counts 1 and loads the next one |" in text and '| exit code 2 |' in text
