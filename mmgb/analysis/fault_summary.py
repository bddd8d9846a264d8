"""Markdown table of the faults that were injected into trainings, from whichever reports of ``tools/faults`` exist."""

from __future__ import annotations

from collections.abc import Mapping

from mmgb.utils.environment import stack_title
from mmgb.utils.markdown import table

REPORTS = ('killed_runs.json', 'other_faults.json')


def fault_summary(reports: Mapping[str, dict]) -> str:
    """Return a row per kind of fault: how often it was injected, and how often the training survived it.

    Args:
        reports: content of each file of ``REPORTS`` that exists.
    """
    rows = []
    for case in reports.get('killed_runs.json', {}).get('results', ()):
        equal = case['final_state_equal'] and case['logs_equal'] and not case['differing']
        kills, stack = len(case['kills']), stack_title(case['versions'])
        rows.append([f'SIGKILL of {case["scenario"]} ({stack})', str(kills), str(kills if equal else 0)])
    for fault in reports.get('other_faults.json', {}).get('results', ()):
        survived = fault.get('resumed_equal', True) and bool(fault['sentence'])
        rows.append([fault['fault'], '1', str(int(survived))])
    if not rows:
        return 'Not measured yet.\n'
    return table(['fault', 'injected', 'survived'], rows)
