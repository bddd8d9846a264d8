"""Inheritance of the configs: short chains, and baselines that do not depend on the methods they are compared with."""

import ast
import re

import pytest
from helpers.shrunk_configs import CONFIGS, LEAVES, config_id
from mmengine.config import Config

BASES = sorted((CONFIGS / '_base_').rglob('*.py'))
METHODS = re.compile(r'relay|boosted|exp-gb|pow3-gb|class-aware')
BASELINES = re.compile(r'_(bp|multi-loss|softmax|default|base)_')


def bases_of(path):
    """The files that a config's ``_base_`` names, without reading the config as mmengine does."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == '_base_':
            names = ast.literal_eval(node.value)
            return [(path.parent / name).resolve() for name in ([names] if isinstance(names, str) else names)]
    return []


def longest_chain(path):
    return [path, *max((longest_chain(base) for base in bases_of(path)), key=len, default=[])]


def ancestors(path):
    return {base for parent in bases_of(path) for base in (parent, *ancestors(parent))}


def test_longest_chain_counts_the_leaf_and_every_base(tmp_path):
    for name, base in (('a', None), ('b', "'./a.py'"), ('c', "['./a.py', './b.py']")):
        (tmp_path / f'{name}.py').write_text(f'_base_ = {base}\n' if base else 'x = 1\n')
    assert [path.stem for path in longest_chain(tmp_path / 'c.py')] == ['c', 'b', 'a']


@pytest.mark.parametrize('path', LEAVES, ids=config_id)
def test_chain_has_at_most_three_files(path):
    chain = longest_chain(path)
    assert len(chain) <= 3, ' <- '.join(file.name for file in chain)


@pytest.mark.parametrize('path', [path for path in LEAVES if BASELINES.search(path.name)], ids=config_id)
def test_baseline_does_not_inherit_from_a_method(path):
    found = [base.name for base in ancestors(path) if METHODS.search(base.name)]
    assert not found, 'move what they share to configs/_base_, or let the method inherit the baseline'


@pytest.mark.parametrize('path', LEAVES, ids=config_id)
def test_leaf_inherits_files_of_this_repository_and_sets_the_seed(path):
    assert bases_of(path) and all(base.is_file() and CONFIGS in base.parents for base in ancestors(path))
    assert isinstance(Config.fromfile(path).randomness.seed, int)


def test_every_base_is_used():
    used = {base for path in LEAVES for base in ancestors(path)}
    assert set(BASES) <= used


@pytest.mark.parametrize('path', [*BASES, *LEAVES], ids=config_id)
def test_first_line_of_the_docstring_says_what_the_config_is(path):
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring and re.fullmatch(r'[A-Za-z0-9].*[.?]', docstring.splitlines()[0])
