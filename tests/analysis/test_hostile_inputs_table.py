from mmgb.analysis.hostile_inputs_table import hostile_inputs_table


def counts(count, refused, wrong):
    return dict(count=count, refused=refused, unchanged=count - refused - wrong, valid=0, wrong=wrong, traceback=0)


def test_each_stack_has_a_row_per_kind_and_their_sum():
    campaigns = {'lists': counts(1000, 900, 1), 'images': counts(500, 400, 0)}
    onedl = {'onedl-mmengine': '0.10.12', 'mmengine': '0.10.12', 'torch': '2.14', 'python': '3.11.7'}
    original = {'onedl-mmengine': '0.10.12', 'mmengine': '0.10.7', 'torch': '2.14', 'python': '3.11.7'}
    reports = [dict(versions=versions, campaigns=campaigns) for versions in (onedl, original)]
    rows = hostile_inputs_table(dict(reports=reports)).splitlines()[2:]
    assert rows[0] == '| onedl-mmengine 0.10.12, torch 2.14, Python 3.11.7: lists | 1,000 | 900 | 99 | 0 | 1 | 0 |'
    assert rows[2].endswith('| **1,500** | **1,300** | **199** | **0** | **1** | **0** |')
    assert rows[3].startswith('| mmengine 0.10.7, torch 2.14') and len(rows) == 6
