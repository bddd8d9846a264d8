"""MkDocs hooks: pages of the site that are outside of ``docs``, and links between pages as GitHub resolves them.

The README is the site's home, and the READMEs of the configs, CONTRIBUTING.md and CHANGELOG.md are pages too. A link to
another file of the repository becomes plain text, because the site does not contain it.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
LINK = re.compile(r'`[^`\n]*`|(!?)\[((?:[^][]|\[[^]]*\])*)\]\(([^)#\s]*)(#[^)\s]*)?\)')
ROLE = re.compile(r':(?:attr|class|data|func|meth|mod):(?=<code)')  # Sphinx's roles in docstrings
CODE = re.compile(r'^( *)(```+|~~~+)[\s\S]*?^ *\2', re.MULTILINE)


def outside_pages() -> dict[str, str]:
    """Return {path in the repository: path in the site} of the pages outside of ``docs``."""
    pages = {'README.md': 'index.md', 'CONTRIBUTING.md': 'CONTRIBUTING.md', 'CHANGELOG.md': 'CHANGELOG.md'}
    cards = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / 'configs').rglob('README.md'))
    return pages | {card: card.replace('README.md', 'index.md') for card in cards}


def site_path(target: str) -> str | None:
    """Return the path in the site of a file or folder of the repository, None if the site does not contain it."""
    if (ROOT / target).is_dir():
        target = posixpath.join(target, 'README.md')
    if target.startswith('docs/') and (ROOT / target).is_file():
        excluded = target.endswith(('.json', '.svg', '.yml')) or re.match(r'docs/results/.*\.md$', target)  # mkdocs.yml
        return None if excluded else target.removeprefix('docs/')
    return outside_pages().get(target)


def resolve_links(markdown: str, source: str) -> str:
    """Return the text of a page with its links as the site needs them.

    Args:
        markdown (str): the text.
        source (str): its file, from the repository's root.
    """
    here = posixpath.dirname(site_path(source))

    def resolve(match: re.Match[str]) -> str:
        image, text, target, anchor = match.groups(default='')
        if not target or '://' in target:  # inline code, a heading of this page, another site
            return match[0]
        found = site_path(posixpath.normpath(posixpath.join(posixpath.dirname(source), target)))
        if found is None:
            return text
        return f'{image}[{resolve_links(text, source)}]({posixpath.relpath(found, here or ".")}{anchor})'

    parts, end = [], 0
    for block in [*CODE.finditer(markdown), None]:
        start = len(markdown) if block is None else block.start()
        parts += [LINK.sub(resolve, markdown[end:start]), block[0] if block else '']
        end = start if block is None else block.end()
    return ''.join(parts)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the READMEs of the configs in the navigation."""
    families = [path for source, path in outside_pages().items() if source.startswith('configs/')]
    for entry in config.nav:
        if entry.get('Configs') == 'CONFIGS':
            entry['Configs'] = families
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages outside of ``docs``."""
    for source, path in outside_pages().items():
        files.append(File.generated(config, path, content=(ROOT / source).read_text(encoding='utf-8')))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Resolve the links of a page."""
    sources = {path: source for source, path in outside_pages().items()}
    return resolve_links(markdown, sources.get(page.file.src_uri, f'docs/{page.file.src_uri}'))


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Remove the names of Sphinx's roles, which mkdocstrings does not know."""
    return ROLE.sub('', html).replace('<code>~', '<code>')
