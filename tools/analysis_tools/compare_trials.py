"""Puts settings side by side, each with several trials: a table, and their learning curves as a figure.

    python tools/analysis_tools/compare_trials.py softmax=softmax.json exp-GB=exp_gb.json:2 --out-dir figures

Each is NAME=FILE.json:INDEX, a setting of a file of tools/run_trials.py by its place from 0 on; without an index it is
all of them. The table has medians of the minimum error (100 - the best validation) and of the step where it was, as the
papers report them, and compares each setting with the first one: the difference with its standard error, which says
how large an effect could be seen, and the p-value of an exact Mann-Whitney test. A trial that diverged counts with an
error of 100 % in medians, quartiles and ranks, and not at all in means. With --out-dir the table is written as
trials.md, and the median learning curves with quartiles as trials.png and trials.svg.
"""

import argparse
from pathlib import Path

from mmgb.functional.errors import ConfigError
from mmgb.trials.figure import learning_curves_figure, save_figure
from mmgb.trials.tables import trials_table
from mmgb.trials.trial import name_settings
from mmgb.utils.cli.named_arguments import parse_named
from mmgb.utils.cli.run_tool import run_tool


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('settings', nargs='+', metavar='NAME=FILE.json[:INDEX]')
    parser.add_argument('--out-dir', type=Path, help='folder for trials.md, trials.png and trials.svg')
    return parser.parse_args()


def main():
    args = parse_args()
    try:
        settings = name_settings(parse_named(args.settings, 'NAME=FILE.json or NAME=FILE.json:INDEX'))
        table = trials_table(settings)
    except (FileNotFoundError, ValueError) as error:
        raise ConfigError(str(error)) from error
    print(table)
    if args.out_dir:
        args.out_dir.mkdir(parents=True, exist_ok=True)
        (args.out_dir / 'trials.md').write_text(table)
        figures = save_figure(learning_curves_figure(settings), args.out_dir / 'trials')
        print('Written: ' + ', '.join(map(str, [args.out_dir / 'trials.md', *figures])))


if __name__ == '__main__':
    run_tool(main)
