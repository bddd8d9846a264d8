"""Markdown tables of the reports of ``tools/faults``."""

from __future__ import annotations

from collections import Counter

from mmgb.utils.environment import stack_title
from mmgb.utils.markdown import table

KINDS = ('one rank', 'all processes', 'the launcher', 'while saving')


def killed_runs_table(report: dict) -> str:
    """Return a row for each scenario and stack: its kills of each kind, and what of the resumed runs is equal."""
    rows = []
    for case in report['results']:
        kills = case['kills']
        counts = Counter(kill['kind'] for kill in kills)
        rows.append(
            [
                case['scenario'],
                stack_title(case['versions']),
                *(str(counts[kind]) for kind in KINDS),
                str(sum(kill['damaged'] is not None for kill in kills)),
                str(sum(kill['iteration'] - kill['resumed_at'] for kill in kills)),
                str(len(set(case['differing']))),
                'equal' if case['logs_equal'] else 'differ',
                'equal' if case['final_state_equal'] else 'differ',
            ]
        )
    killed = [f'kills: {kind}' for kind in KINDS]
    header = ['training', 'stack', *killed, 'newest checkpoint damaged', 'iterations repeated']
    return table([*header, 'iterations that differ', 'logged losses', 'final weights and optimizer'], rows)


def workers_and_ranks_table(report: dict) -> str:
    """Return a row for each variation of a run, and for each network on two ranks."""
    rows = [
        [
            row['run'],
            f'{row["iterations"] - row["differing"]} of {row["iterations"]}',
            f'{row["iterations"] - row["differing"]} of {row["iterations"]}',
            'equal' if row['final_state_equal'] else 'differ',
        ]
        for row in report['results']
    ]
    rows += [
        [
            f'two ranks, half of each batch on each; {two["network"]}',
            f'{two["same_samples"]} of {two["iterations"]}',
            f'first apart by {two["first_loss_apart"]:.1e}, at most {two["largest_loss_apart"]:.1e}',
            f'apart by {two["weights_apart"]:.1e}',
        ]
        for two in report['two_ranks']
    ]
    return table(['run', 'iterations with the same samples', 'with the same loss', 'final weights'], rows)


def other_faults_table(report: dict) -> str:
    """Return a row for each fault: the sentence that names it, and what follows."""
    return table(['fault', 'sentence', 'and then'], [_fault_row(row) for row in report['results']])


def _fault_row(row: dict) -> list[str]:
    found = [f'reported after {row["reported_after_s"]:.0f} s'] if 'reported_after_s' in row else []
    if 'ended_after_s' in row:
        found.append(f'all processes ended after {row["ended_after_s"]:.0f} s')
    if 'resumed_equal' in row:
        found.append(f'the resumed training is {"equal" if row["resumed_equal"] else "different"}')
    if 'exit_code' in row:
        found.append(f'exit code {row["exit_code"]}')
    if 'skipped' in row:
        found.append(f"on_error='skip' counts {row['skipped']} and loads the next one")
    sentence = ' '.join(str(row['sentence']).split()).replace('|', r'\|')
    return [row['fault'], f'`{sentence}`', ', '.join(found)]
