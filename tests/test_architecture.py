"""The layers of the package and the mirror of its modules in the tests."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for path in (ROOT / 'mmgb').rglob('*.py') if '.mim' not in path.parts)
# What a module of a package must not import; everything may import mmgb.functional and mmgb.utils.
FORBIDDEN = {
    'functional': ['mmgb.apis', 'mmgb.analysis', 'mmgb.compat', 'mmgb.conversion', 'mmgb.datasets', 'mmgb.engine']
    + ['mmgb.evaluation', 'mmgb.models', 'mmgb.registry', 'mmgb.trials', 'mmgb.utils'],
    'utils': ['mmgb.apis', 'mmgb.analysis', 'mmgb.conversion', 'mmgb.datasets', 'mmgb.engine', 'mmgb.evaluation']
    + ['mmgb.models', 'mmgb.trials'],
    'models': ['mmgb.apis', 'mmgb.analysis', 'mmgb.datasets', 'mmgb.engine', 'mmgb.evaluation', 'mmgb.trials'],
    'datasets': ['mmgb.apis', 'mmgb.analysis', 'mmgb.engine', 'mmgb.evaluation', 'mmgb.models', 'mmgb.trials'],
    'engine': ['mmgb.apis', 'mmgb.analysis', 'mmgb.datasets', 'mmgb.evaluation', 'mmgb.models', 'mmgb.trials'],
    'evaluation': ['mmgb.apis', 'mmgb.analysis', 'mmgb.datasets', 'mmgb.engine', 'mmgb.models', 'mmgb.trials'],
    'analysis': ['mmgb.apis', 'mmgb.datasets', 'mmgb.engine', 'mmgb.evaluation', 'mmgb.models'],
    'trials': ['mmgb.datasets', 'mmgb.engine', 'mmgb.evaluation', 'mmgb.models'],
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> Iterator[str]:
    """Yield the absolute names of the modules that a file imports, inside functions as well."""
    package = path.relative_to(ROOT).with_suffix('').parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = '.'.join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f'{module}.{alias.name}' for alias in node.names)


def package_of(path: Path) -> str:
    parts = path.relative_to(ROOT / 'mmgb').parts
    return parts[0] if len(parts) > 1 else ''


@pytest.mark.parametrize('path', MODULES, ids=name_of)
def test_imports_point_one_way(path):
    forbidden = tuple(f'{name}.' for name in ['tools', *FORBIDDEN.get(package_of(path), ())])
    assert [name for name in imported(path) if f'{name}.'.startswith(forbidden)] == []


@pytest.mark.parametrize('path', [path for path in MODULES if package_of(path) == 'functional'], ids=name_of)
def test_functional_needs_only_torch_numpy_and_triton(path):
    allowed = {'torch', 'numpy', 'triton', 'mmgb', *sys.stdlib_module_names}
    assert {name.partition('.')[0] for name in imported(path)} <= allowed


TESTED = [path for path in MODULES if path.name not in ('__init__.py', 'version.py')]


@pytest.mark.parametrize('path', TESTED, ids=name_of)
def test_every_module_has_its_test_file(path):
    inside = path.relative_to(ROOT / 'mmgb')
    assert (ROOT / 'tests' / inside.parent / f'test_{inside.name}').is_file()
