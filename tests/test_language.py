"""The part of our style that a machine can check: the form of docstrings and a few words that make readers stumble."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = sorted(
    path for name in ('mmgb', 'tools', 'tests') for path in (ROOT / name).rglob('*.py') if '.mim' not in path.parts
)
DOCUMENTS = sorted([*ROOT.glob('*.md'), *ROOT.glob('docs/*.md'), *(ROOT / 'configs').rglob('*.md')])
RIDDLES = re.compile(r'(What|Who|Whose|Whether|Of) ')
ODD = re.compile(
    r'\b(stands|lies|comes along|(?:is|are) (?:given away|asked of)|counts? for nothing|won.t do|is no number any more|'
    r'at the speed of|by half)\b'
)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each docstring in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each line that is a comment."""
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        if line.lstrip().startswith('#'):
            yield number, line


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a document without its code and its generated blocks."""
    hidden = None
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        if hidden is None and line.startswith('```'):
            hidden = '```'
        elif hidden is None and (block := re.fullmatch(r'<!-- (\w\S*) -->', line)):
            hidden = f'<!-- /{block.group(1)} -->'
        elif hidden is not None:
            hidden = None if line.startswith(hidden) else hidden
        else:
            yield number, line


@pytest.mark.parametrize('path', PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_name_their_object_in_the_first_line(path):
    assert [(line, text.splitlines()[0]) for line, text in docstrings(path) if RIDDLES.match(text)] == []


@pytest.mark.parametrize('path', PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_and_comments_use_plain_verbs(path):
    if path == Path(__file__):
        return
    texts = [*docstrings(path), *comments(path)]
    assert [(line, match.group()) for line, text in texts for match in ODD.finditer(text)] == []


@pytest.mark.parametrize('path', DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_use_plain_verbs(path):
    assert [(line, match.group()) for line, text in prose(path) for match in ODD.finditer(text)] == []
