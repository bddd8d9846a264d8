"""Documents name files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob('*.md'), *ROOT.glob('docs/*.md'), *(ROOT / 'configs').rglob('*.md')])
LINK = re.compile(r'\]\(([^)#\s]+)')
NAMED = re.compile(r'(?<![\w/.*])((?:mmgb|configs|tools|tests|docs)/[\w./-]*[\w/])(?![\w./*{$…-])')
WRITTEN_BY_TOOLS = ('docs/results/',)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize('document', DOCUMENTS, ids=name_of)
def test_links_lead_to_files(document):
    targets = [target for target in LINK.findall(document.read_text(encoding='utf-8')) if '://' not in target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize('document', [path for path in DOCUMENTS if path.name != 'CHANGELOG.md'], ids=name_of)
def test_named_files_exist(document):
    named = set(NAMED.findall(document.read_text(encoding='utf-8')))
    assert sorted(name for name in named if not (ROOT / name).exists() and not name.startswith(WRITTEN_BY_TOOLS)) == []
