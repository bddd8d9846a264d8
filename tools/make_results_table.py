"""Writes the tables of measured results into the README files, from the numbers under docs/results.

    python tools/make_results_table.py            # after a new docs/results/NAME.json
    python tools/make_results_table.py --check    # changes nothing; exit code 1 if a table isn't what its numbers give
"""
import argparse
import json
import sys
from pathlib import Path

from mmgb.analysis.benchmark_tables import loss_table, relay_table, sampler_table
from mmgb.analysis.comparison_table import comparison_table, rates_table, replace_block
from mmgb.analysis.trials import Trials, trials_table
from mmgb.analysis.work_dir import Evaluation

ROOT = Path(__file__).resolve().parents[1]


def comparison(results: dict) -> str:
    return comparison_table({run: Evaluation(found['metrics'], found['class_iou']) for run, found in results.items()})


def trials(results: dict) -> str:
    return trials_table({setting: Trials(**found) for setting, found in results.items()})


def each(table_of_case):
    """A benchmark's tables, one below the other."""
    return lambda results: '\n'.join(table_of_case(case) for case in results['results'])


# Name of the numbers, and of the block in the file; the file; how they become a table.
TABLES = {
    'quickstart': ('README.md', comparison),
    'digits_rates': ('configs/gradient_boosting/digits/README.md', rates_table),
    'voc12_slim': ('configs/gradient_boosting/voc12/README.md', comparison),
    'loss_benchmark': ('docs/losses.md', each(loss_table)),
    'relay_benchmark': ('docs/relay.md', each(relay_table)),
    'sampler_benchmark': ('configs/class_aware_sampling/README.md', each(sampler_table)),
    'class_aware_sampling': ('configs/class_aware_sampling/README.md', trials),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true')
    args = parser.parse_args()
    stale = []
    for name, (file, table_of) in TABLES.items():
        text = (ROOT / file).read_text()
        results = json.loads((ROOT / 'docs' / 'results' / f'{name}.json').read_text())
        updated = replace_block(text, name, table_of(results))
        if updated != text:
            stale.append(f'{file} ({name})')
            if not args.check:
                (ROOT / file).write_text(updated)
    if stale:
        print(('Not what its numbers give: ' if args.check else 'Updated: ') + ', '.join(stale))
    sys.exit(1 if args.check and stale else 0)


if __name__ == '__main__':
    main()
