"""Where numbers come from, in one row a file."""

from mmgb.trials.provenance import provenance_table


def test_one_row_a_file_with_its_overrides_settings_seeds_and_machine():
    files = {
        'a.json': dict(
            config='configs/a.py',
            cfg_options={'train_cfg.max_epochs': 2},
            environment=dict(gpu=None, cpu='Some CPU', threads=2, torch='2.4'),
            settings=[dict(overrides={'lr': 1}, trials=[{}]), dict(overrides={'lr': 2}, trials=[{}, {}])],
        ),
        'b.json': dict(
            config='configs/b.py', cfg_options={}, environment=None, settings=[dict(overrides={}, trials=[{}] * 3)]
        ),
    }
    assert provenance_table(files).splitlines()[2:] == [
        '| a.json | configs/a.py | train_cfg.max_epochs=2 | 2 of lr | 1 to 2 | Some CPU, 2 threads, torch 2.4 |',
        '| b.json | configs/b.py |  | 1 | 3 | not recorded |',
    ]
