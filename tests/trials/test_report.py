"""Generated blocks are replaced where their numbers have changed."""

import pytest
from helpers.manifests import write_manifests

from mmgb.functional.errors import ConfigError
from mmgb.trials.entries import make_table as make_block
from mmgb.trials.file import TrialsFile
from mmgb.trials.manifest import read_manifest
from mmgb.trials.report import make_table, read_claims, update_tables
from mmgb.trials.trial import Trial

LEARNING_RATES = {'a': (1, 2), 'b': (3, 4)}


@pytest.fixture
def root(tmp_path):
    """Checkout with the results of every experiment but the last result of `losses`."""
    write_manifests(tmp_path)
    (tmp_path / 'README.md').write_text('before\n<!-- claims -->\n<!-- /claims -->\nafter\n')
    blocks = ''.join(f'<!-- {name} -->\n<!-- /{name} -->\n' for name in ('rates', 'losses'))
    (tmp_path / 'configs/family/README.md').write_text(blocks)
    for loss, rates in LEARNING_RATES.items():
        write_trials(tmp_path, f'rates_{loss}', [{'lr': rate} for rate in rates], 60.0)
        write_trials(tmp_path, loss, [{}], 70.0 if loss == 'a' else 80.0)
    return tmp_path


def write_trials(root, name, settings, best):
    origin = dict(config='c.py', cfg_options={}, metric='mIoU', step='epoch')
    file = TrialsFile(root / f'docs/results/out/{name}.json', origin, {}, settings)
    for overrides in settings:
        for seed in range(2):
            file.add(overrides, Trial(seed, [(1, best + seed)]))


def test_stale_blocks_are_reported_by_a_check_and_updated_otherwise(root):
    manifest = read_manifest(root / 'configs')
    stale = ['configs/family/README.md (rates)', 'configs/family/README.md (losses)', 'README.md (claims)']
    before = (root / 'README.md').read_text()
    assert update_tables(manifest, root, check=True) == stale and (root / 'README.md').read_text() == before
    assert update_tables(manifest, root) == stale and update_tables(manifest, root) == []
    text = (root / 'README.md').read_text()
    assert text.startswith('before\n<!-- claims -->\n| claim |') and text.endswith('<!-- /claims -->\nafter\n')
    numbers = 'minimum error: -10.00 ± 0.71, 2 and 2 trials, p 0.005'
    assert f'| B beats A | no number | {numbers} | not tuned | holds |' in text


def test_rows_have_the_labels_of_the_runs(root):
    manifest = read_manifest(root / 'configs')
    table = make_table(manifest, manifest.tables['rates'], root / 'docs/results')
    assert [row.split(' | ')[0] for row in table.splitlines()[2:]] == ['| a', '| b']


def test_recipes_are_listed_by_the_configs_below_the_root(root):
    for name in ('family/net.py', '_base_/model.py'):
        (root / 'configs' / name).parent.mkdir(exist_ok=True)
        (root / 'configs' / name).touch()
    (root / 'docs/results/recipes.json').write_text('{"recipes": {}}')
    block = make_block('recipes', dict(kind='recipes', numbers='recipes.json'), 'docs/recipes.md', '')
    text = make_table(read_manifest(root / 'configs'), block, root / 'docs/results')
    assert text.startswith('0 of 1 configs') and text.endswith('Not run here:\n\n- configs/family: `net`\n')


def test_an_unmeasured_claim_names_the_experiment_that_measures_it(root):
    (root / 'docs/results/out/b.json').unlink()
    (claim,) = read_claims(read_manifest(root / 'configs'), root / 'docs/results')
    assert claim.first is not None and claim.second is None
    assert claim.command == 'python tools/experiments.py run losses'


def test_an_unknown_kind_of_table_is_refused(root):
    manifest = read_manifest(root / 'configs')
    block = manifest.tables['rates']._replace(kind='plot')
    with pytest.raises(ConfigError, match="table rates: kind='plot': expected one of trials, grid, comparison"):
        make_table(manifest, block, root / 'docs/results')


def test_a_claim_with_a_table_is_a_row_of_it_and_not_in_the_table_of_claims(root):
    path = root / 'configs/family/experiments.yml'
    fields = '{statement: Row, expected: lower, first: out/a, second: out/b, table: map}'
    block = '  map: {kind: differences, columns: [A, B]}'
    path.write_text(path.read_text().replace('claims:', f'{block}\nclaims:\n  - {fields}'))
    manifest = read_manifest(root / 'configs')
    tables = {name: make_table(manifest, manifest.tables[name], root / 'docs/results') for name in ('map', 'claims')}
    assert '| Row | 29.50 ± 0.50 | 19.50 ± 0.50 | -10.00 ± 0.71 |' in tables['map'] and 'B beats A' not in tables['map']
    assert 'Row' not in tables['claims'] and 'B beats A' in tables['claims']
