"""The table of checked recipes."""

from mmgb.analysis.recipe_table import recipe_report, recipe_table

ENTRY = dict(
    options=dict(image_size=None),
    verdict='falls',
    steps=60,
    batch=256,
    config_batch=256,
    micro_batch=32,
    data='real',
    missing_weights=[],
    first_loss=6.9,
    highest_loss=7.0,
    last_loss=2.25,
    losses=[6.9, 2.25],
    gradient_norm=dict(median=1.5, max=20.0),
    update_ratio=dict(median=0.001, max=0.02, max_layer='head.fc'),
    seconds_per_step=0.125,
    peak_bytes=2_500_000_000,
)


def test_rows():
    diverged = dict(
        ENTRY,
        options=dict(image_size=64),
        verdict='diverges',
        steps=2,
        batch=8,
        micro_batch=8,
        data='made',
        missing_weights=['x.pth'],
        highest_loss='inf',
        last_loss='inf',
        losses=[6.9, 'inf'],
        peak_bytes=None,
    )
    lines = recipe_table({'configs/a/net_8xb32.py': ENTRY, 'b.py': diverged}).splitlines()
    assert lines[2] == (
        '| `net_8xb32` | real | 60 of 256 in parts of 32 | 6.9, 7, 2.25 | 1.5, 20 | 1.0e-03, 2.0e-02 (head.fc) | '
        '0.12 | 2.5 | falls |'
    )
    again = dict(ENTRY, trained_as='configs/a/net_8xb32.py')
    assert '| real, the training of `net_8xb32` | 60 of' in recipe_table({'c.py': again})
    assert lines[3] == (
        '| `b` | made, 64 pixels, random instead of pretrained weights | 2 of 8 (of 256) | 6.9, inf, inf | 1.5, 20 | '
        '1.0e-03, 2.0e-02 (head.fc) | 0.12 | '
        'unknown | diverges at step 2: inf |'
    )


def test_the_report_has_a_table_per_family_and_names_what_was_not_run():
    configs = ['configs/a/x.py', 'configs/b/y.py', 'configs/b/z.py']
    text = recipe_report({'configs/b/z.py': ENTRY, 'configs/a/x.py': dict(ENTRY, verdict='level')}, configs)
    assert text.startswith('2 of 3 configs: 1 falls, 1 level, 0 rises, 0 diverges.\n\n**configs/a**\n\n| config |')
    assert text.index('`x`') < text.index('**configs/b**') < text.index('`z`')
    assert text.endswith('\n\nNot run here:\n\n- configs/b: `y`\n')
