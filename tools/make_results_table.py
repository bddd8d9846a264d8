"""Writes the tables of measured results into the README files, from the numbers under docs/results.

    python tools/make_results_table.py            # after a new docs/results/NAME.json
    python tools/make_results_table.py --check    # changes nothing; exit code 1 if a table isn't what its numbers give
"""
import argparse
import json
import sys
from pathlib import Path

from mmgb.analysis.comparison_table import comparison_table, rates_table, replace_block
from mmgb.analysis.work_dir import Evaluation

ROOT = Path(__file__).resolve().parents[1]
# Name of the numbers, and of the block in the file.
TABLES = {
    'quickstart': 'README.md',
    'digits_rates': 'configs/gradient_boosting/digits/README.md',
    'voc12_slim': 'configs/gradient_boosting/voc12/README.md',
}


def table_of(name: str) -> str:
    results = json.loads((ROOT / 'docs' / 'results' / f'{name}.json').read_text())
    if name.endswith('_rates'):
        return rates_table(results)
    return comparison_table({run: Evaluation(found['metrics'], found['class_iou']) for run, found in results.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true')
    args = parser.parse_args()
    stale = []
    for name, file in TABLES.items():
        text = (ROOT / file).read_text()
        updated = replace_block(text, name, table_of(name))
        if updated != text:
            stale.append(f'{file} ({name})')
            if not args.check:
                (ROOT / file).write_text(updated)
    if stale:
        print(('Not what its numbers give: ' if args.check else 'Updated: ') + ', '.join(stale))
    sys.exit(1 if args.check and stale else 0)


if __name__ == '__main__':
    main()
