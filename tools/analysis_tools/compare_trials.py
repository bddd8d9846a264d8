"""Compare settings with several trials each: a table, and a figure of their learning curves.

    python tools/analysis_tools/compare_trials.py softmax=softmax.json exp-GB=exp_gb.json:2 --out-dir figures

Each argument is NAME=FILE.json:INDEX, one setting of a file of tools/run_trials.py by its position from 0, or
NAME=FILE.json, all settings of the file. The table shows the median minimum error (100 - the best validation) and the
median step where it was reached, as the papers report them. It compares each setting with the first one by the
difference of means with its standard error, and by the p-values of Welch's t-test and of an exact Mann-Whitney test. A
failed trial, such as a diverged one, has an error of 100 % in medians, quartiles and ranks, and is left out of means
and of Welch's test.
--out-dir writes the table as trials.md, and the median learning curves with quartiles as trials.png and trials.svg.
"""

import argparse
from pathlib import Path

from mmgb.trials.figure import learning_curves_figure
from mmgb.trials.sources import name_settings
from mmgb.trials.tables import trials_table
from mmgb.utils.cli.named_arguments import parse_named
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.save_figure import save_figure


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('settings', nargs='+', metavar='NAME=FILE.json[:INDEX]', help='settings to compare')
    parser.add_argument('--out-dir', type=Path, help='folder for trials.md, trials.png and trials.svg')
    return parser.parse_args()


def main():
    args = parse_args()
    settings = name_settings(parse_named(args.settings, 'NAME=FILE.json or NAME=FILE.json:INDEX'))
    table = trials_table(settings)
    print(table)
    if args.out_dir:
        args.out_dir.mkdir(parents=True, exist_ok=True)
        (args.out_dir / 'trials.md').write_text(table, encoding='utf-8')
        figures = save_figure(learning_curves_figure(settings), args.out_dir / 'trials')
        print('Written: ' + ', '.join(map(str, [args.out_dir / 'trials.md', *figures])))


if __name__ == '__main__':
    run_tool(main)
