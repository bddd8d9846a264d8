"""Puts settings side by side, each with several trials: a table, and their learning curves as JSON.

Each setting is NAME=WORK_DIR,WORK_DIR,…: the work directories of `tools/train.py` with one seed each.
"""
import argparse
import json
import sys
from pathlib import Path

from mmgb.analysis.trials import read_trials, trials_table


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('settings', nargs='+', metavar='NAME=WORK_DIR,…')
    parser.add_argument('--metric', required=True, help="as the evaluator calls it, such as 'single-label/recall'")
    parser.add_argument('--out', type=Path, required=True, help='the JSON file')
    args = parser.parse_args()
    for setting in args.settings:
        if '=' not in setting:
            parser.error(f'setting {setting!r}: expected NAME=WORK_DIR,WORK_DIR,…')
    args.settings = {name: [Path(folder) for folder in folders.split(',')]
                     for name, folders in (setting.split('=', 1) for setting in args.settings)}
    return args


def main():
    args = parse_args()
    try:
        settings = {name: read_trials(folders, args.metric) for name, folders in args.settings.items()}
    except (FileNotFoundError, ValueError) as error:
        sys.exit(f'{Path(sys.argv[0]).name}: {error}')
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({name: trials._asdict() for name, trials in settings.items()}, indent=1) + '\n')
    print(trials_table(settings))
    print(f'Written: {args.out}')


if __name__ == '__main__':
    main()
