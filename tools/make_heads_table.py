"""Write the tables of docs/heads.md, which list the hosts' heads that train with a boosted loss, from docs/heads.yml.

python tools/make_heads_table.py            # after a change of docs/heads.yml
python tools/make_heads_table.py --check    # write nothing; exit code 1 if a table is out of date
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import yaml

from mmgb.utils.markdown import replace_block

DOCS = Path(__file__).resolve().parents[1] / 'docs'
HOSTS = ('mmseg', 'mmpretrain')
HEADER = [('family', 'config of the host', 'trains', 'what to set, or why not'), ('---',) * 4]


def settings(place: str, values: dict) -> str:
    """Return a sentence that lists settings, such as ``Loss: `ignore_index=255`.``, or '' if there are none."""
    return f'{place}: ' + ', '.join(f'`{key}={value}`' for key, value in values.items()) + '.' if values else ''


def trained_row(head: dict) -> tuple[str, ...]:
    """Return the table row of a head that trains with a swapped loss."""
    loss = dict(head.get('loss', {}), **({'_delete_': True} if head.get('replaced') else {}))
    sentences = (settings('Loss', loss), settings('Head', head.get('head', {})), head.get('note', ''))
    return head['name'], config(head), 'yes', ' '.join(filter(None, sentences))


def refused_row(head: dict) -> tuple[str, ...]:
    """Return the table row of a head that does not train with a swapped loss."""
    return head['name'], config(head), head.get('trains', 'no'), head['because']


def config(head: dict) -> str:
    """Return the config file of a head as Markdown code, or '' if it has none."""
    return f'`{head["file"]}`' if 'file' in head else ''


def heads_table(heads: dict) -> str:
    """Return the Markdown table of one host's heads.

    Args:
        heads: one host's section of ``docs/heads.yml``: ``trains``, ``refused`` and optionally ``not_tried``.
    """
    rows = [*map(trained_row, heads['trains']), *map(refused_row, heads['refused'])]
    rows += [(name, '', 'not tried', because) for name, because in heads.get('not_tried', {}).items()]
    return '\n'.join('| ' + ' | '.join(row) + ' |' for row in HEADER + rows) + '\n'


def main(arguments: list[str] | None = None) -> int:
    """Write the tables, or check them, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true', help='write nothing; exit with 1 if a table is out of date')
    parser.add_argument('--data', type=Path, default=DOCS / 'heads.yml', help='data file (default: docs/heads.yml)')
    parser.add_argument('--document', type=Path, default=DOCS / 'heads.md', help='document (default: docs/heads.md)')
    args = parser.parse_args(arguments)
    data = yaml.safe_load(args.data.read_text(encoding='utf-8'))
    text = args.document.read_text(encoding='utf-8')
    stale = []
    for host in HOSTS:
        before, text = text, replace_block(text, host, heads_table(data[host]))
        if text != before:
            stale.append(host)
    if args.check:
        for host in stale:
            print(f'{args.document}: table {host} is out of date: run python tools/make_heads_table.py')
        return int(bool(stale))
    if stale:
        args.document.write_text(text, encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
