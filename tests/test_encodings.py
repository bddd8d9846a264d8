"""Text files are opened with an encoding: the default depends on the machine."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [ROOT / 'setup.py', *(path for part in ('mmgb', 'tools') for path in sorted((ROOT / part).rglob('*.py')))]
MODE_PLACE = {'open': 1, 'fdopen': 1}  # place of the mode among the arguments; Path.open has it first
NOT_TEXT = ('Image', 'archive', 'os', 'tarfile', 'webbrowser', 'wave')  # their `open` opens no text


def opens_text_without_encoding(call: ast.Call) -> bool:
    """Return True for ``open(…)``, ``path.open(…)``, ``read_text()`` and ``write_text(…)`` in a text mode."""
    function, keywords = call.func, {keyword.arg: keyword.value for keyword in call.keywords}
    if 'encoding' in keywords:
        return False
    if isinstance(function, ast.Attribute):
        if function.attr == 'read_text':
            return not call.args
        if function.attr == 'write_text':
            return len(call.args) < 2
        if function.attr != 'open' or (isinstance(function.value, ast.Name) and function.value.id in NOT_TEXT):
            return False
        place = 0
    elif isinstance(function, ast.Name) and function.id in MODE_PLACE:
        place = MODE_PLACE[function.id]
    else:
        return False
    mode = keywords.get('mode') or (call.args[place] if len(call.args) > place else None)
    return not (isinstance(mode, ast.Constant) and 'b' in str(mode.value))


@pytest.mark.parametrize('path', FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_text_file_is_opened_with_an_encoding(path):
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))) if isinstance(node, ast.Call))
    assert [f'{path.name}:{call.lineno}' for call in calls if opens_text_without_encoding(call)] == []


@pytest.mark.parametrize(
    'code, refused',
    [
        ("open('x')", True),
        ("open('x', 'w')", True),
        ("open('x', 'rb')", False),
        ("open('x', mode='wb')", False),
        ("open('x', encoding='utf-8')", False),
        ('path.open()', True),
        ("path.open('rb')", False),
        ('path.read_text()', True),
        ("path.write_text('x')", True),
        ("path.write_text('x', encoding='utf-8')", False),
        ('Image.open(x)', False),
    ],
)
def test_calls_without_an_encoding_are_recognized(code, refused):
    assert opens_text_without_encoding(ast.parse(code, mode='eval').body) is refused
