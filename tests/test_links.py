"""Documents name files and headings that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob('*.md'), *ROOT.glob('docs/*.md'), *(ROOT / 'configs').rglob('*.md')])
LINK = re.compile(r'\]\(([^)#\s]+)')
ANCHOR = re.compile(r'\]\(([^)#\s]*)#([^)\s]+)\)')
HEADING = re.compile(r'^#+ +(.*)', re.MULTILINE)
FENCE = re.compile(r'^( *)(```+|~~~+)[\s\S]*?^ *\2', re.MULTILINE)
NAMED = re.compile(r'(?<![\w/.*])((?:mmgb|configs|tools|tests|docs)/[\w./-]*[\w/])(?![\w./*{$…-])')
WRITTEN_BY_TOOLS = ('docs/results/',)


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub and MkDocs make them; of a folder its README's."""
    path = path / 'README.md' if path.is_dir() else path
    headings = HEADING.findall(FENCE.sub('', path.read_text(encoding='utf-8')))
    return {re.sub(r'\s', '-', re.sub(r'[^\w\s-]', '', heading.lower()).strip()) for heading in headings}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize('document', DOCUMENTS, ids=name_of)
def test_links_lead_to_files(document):
    targets = [target for target in LINK.findall(document.read_text(encoding='utf-8')) if '://' not in target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize('document', DOCUMENTS, ids=name_of)
def test_anchors_lead_to_headings(document):
    found = [link for link in ANCHOR.findall(document.read_text(encoding='utf-8')) if '://' not in link[0]]
    targets = [(document.parent / path if path else document, anchor) for path, anchor in found]
    assert [(path.name, anchor) for path, anchor in targets if anchor not in anchors(path)] == []


@pytest.mark.parametrize('document', [path for path in DOCUMENTS if path.name != 'CHANGELOG.md'], ids=name_of)
def test_named_files_exist(document):
    named = set(NAMED.findall(document.read_text(encoding='utf-8')))
    assert sorted(name for name in named if not (ROOT / name).exists() and not name.startswith(WRITTEN_BY_TOOLS)) == []
