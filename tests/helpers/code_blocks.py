"""Code blocks and commands of the repository's documents."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob('*.md'), *ROOT.glob('docs/*.md'), *(ROOT / 'configs').rglob('*.md')])
FENCE = re.compile(r'^( *)(```+|~~~+) *(\S*).*\n([\s\S]*?)^ *\2', re.MULTILINE)
HEADING = re.compile(r'^#+ (.*)', re.MULTILINE)
COMMAND = re.compile(r'`((?:python|bash|pip) [^`\n]*)`')


@dataclass(frozen=True)
class Block:
    """A fenced block, or a command in inline code.

    Attributes:
        document: path of the document below the repository's root.
        section: last heading above the block.
        number: position among the blocks of the same language in that section, from 1.
        language: language of a fenced block; ``'inline'`` for a command in inline code.
        text: the code.
    """

    document: str
    section: str
    number: int
    language: str
    text: str

    def __str__(self) -> str:
        return f'{self.document}: {self.section}, {self.language} {self.number}'


def read_blocks(path: Path) -> list[Block]:
    """Return the fenced blocks and the inline commands of a document, each kind in its order."""
    text = path.read_text(encoding='utf-8')
    fenced = list(FENCE.finditer(text))
    prose = FENCE.sub(lambda match: ' ' * len(match[0]), text)
    headings = list(HEADING.finditer(prose))
    found = [(match.start(), match[3], match[4]) for match in fenced]
    found += [(match.start(), 'inline', match[1]) for match in COMMAND.finditer(prose)]
    blocks: list[Block] = []
    for start, language, code in found:
        section = next((heading[1] for heading in reversed(headings) if heading.start() < start), '')
        earlier = sum((block.section, block.language) == (section, language) for block in blocks)
        blocks.append(Block(path.relative_to(ROOT).as_posix(), section, earlier + 1, language, code))
    return blocks


BLOCKS = [block for path in DOCUMENTS for block in read_blocks(path)]
