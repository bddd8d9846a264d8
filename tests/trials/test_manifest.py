"""The manifests of all families are read together, and names that do not exist are refused."""

import pytest
from helpers.manifests import FAMILY, TOP, write_manifests

from mmgb.functional.errors import ConfigError
from mmgb.trials.manifest import read_manifest


def test_experiments_tables_and_claims_of_a_family_are_read(tmp_path):
    manifest = read_manifest(write_manifests(tmp_path))
    assert list(manifest.experiments) == ['rates', 'losses', 'single']
    assert manifest.makers() == {'out/rates_a': 'rates', 'out/rates_b': 'rates', 'out/a': 'losses', 'out/b': 'losses'}
    assert [block.file for block in manifest.tables.values()] == [*['configs/family/README.md'] * 2, 'README.md']
    assert [(claim.first, claim.second) for claim in manifest.claims] == [('out/a', 'out/b')]


def test_with_gpu_the_fields_below_gpu_replace_the_others(tmp_path):
    configs = write_manifests(tmp_path)
    slim, wide = (read_manifest(configs, gpu).experiments['losses'] for gpu in (False, True))
    assert [run.result for run in wide.runs] == ['wide/a', 'wide/b'] and {run.seeds for run in wide.runs} == {9}
    assert (slim.needs, wide.needs) == (['rates'], []) and slim.parts == wide.parts == {'rates'}


@pytest.mark.parametrize(
    'old, new, message',
    [
        ('families: [family]', 'families: [family, other]', "other/experiments.yml': expected a file, got none"),
        ('needs: [rates]', 'needs: [grid]', "experiment losses: expected names of experiments, got 'grid'"),
        ('rates: {kind: grid}', 'x: {kind: grid, rows: [y]}', "table x: expected names of experiments, got 'y'"),
        ('result: out/rates_{loss}', 'result: out/{loss}', "result='out/a': expected one run that makes it, got 2"),
        ('second: out/b', 'second: out/c', "claim 'B beats A': expected results of experiments, got 'out/c'"),
        ('second: out/b', 'second: out/b, table: map', "claim 'B beats A': expected the name of a table, got 'map'"),
        ('about: One training.', 'abut: One training.', 'family/experiments.yml: single.abut: expected one of about'),
        ('seeds: 2', 'seed: 2', "losses.trials.seed='2': expected one of config, "),
        ('{kind: claims, file: README.md}', '{file: README.md}', 'claims: expected the field kind, got file'),
        ('  claims: {', '  losses: {', "expected a new name, got 'losses' of another family"),
    ],
)
def test_a_mistake_is_refused_with_its_place(old, new, message, tmp_path):
    assert (TOP + FAMILY).count(old) == 1
    configs = write_manifests(tmp_path, TOP.replace(old, new), FAMILY.replace(old, new))
    with pytest.raises(ConfigError) as refusal:
        read_manifest(configs)
    assert message in str(refusal.value)
