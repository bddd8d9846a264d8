"""Markdown table of ``tools/fuzz_inputs.py``."""

from __future__ import annotations

from mmgb.utils.environment import stack_title
from mmgb.utils.markdown import table

COUNTS = ('count', 'refused', 'unchanged', 'valid', 'wrong', 'traceback')


def hostile_inputs_table(report: dict) -> str:
    """Return a row per stack and kind of input, and one with the sum of each stack."""
    rows = []
    for entry in report['reports']:
        stack, campaigns = stack_title(entry['versions']), entry['campaigns']
        rows += [[f'{stack}: {kind}', *_counts(found)] for kind, found in campaigns.items()]
        total = {key: sum(found[key] for found in campaigns.values()) for key in COUNTS}
        rows.append([f'**{stack}**', *(f'**{cell}**' for cell in _counts(total))])
    endings = ['refused', 'read as the intact input', 'valid after all', 'wrongly accepted', 'tracebacks']
    return table(['stack: kind of input', 'tried', *endings], rows)


def _counts(found: dict) -> list[str]:
    return [f'{found[key]:,}' for key in COUNTS]
