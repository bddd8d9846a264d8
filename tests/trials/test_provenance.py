"""The provenance table has one row per file of trials."""

from mmgb.trials.provenance import provenance_table


def test_a_row_shows_overrides_settings_seeds_and_machine():
    files = {
        'a.json': dict(
            config='configs/a.py',
            cfg_options={'x': 2},
            environment=dict(gpu=None, cpu='Some CPU', threads=2, torch='2.4', processes=4),
            settings=[dict(overrides={'lr': 1}, trials=[{}]), dict(overrides={'lr': 2}, trials=[{}, {}])],
        ),
        'b.json': dict(
            config='configs/b.py', cfg_options={}, environment=None, settings=[dict(overrides={}, trials=[{}] * 3)]
        ),
    }
    assert provenance_table(files).splitlines()[2:] == [
        '| a.json | configs/a.py | x=2 | 2 of lr | 1 to 2 | Some CPU, 4 processes, 2 threads, torch 2.4 |',
        '| b.json | configs/b.py |  | 1 | 3 | not recorded |',
    ]
