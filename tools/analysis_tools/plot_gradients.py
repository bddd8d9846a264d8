"""Draw the gradients that mmgb's GradientStatsHook recorded in one or more runs.

Writes four figures, each as .png and .svg, and their numbers:

    OUT/error_rms           RMS of the error gradients of layers (Figure 3 of the gradient-boosting paper)
    OUT/delta_histograms    output deltas at the start of some epochs (Figure 2)
    OUT/softmax_normaliser  softmax normaliser (Figure 5)
    OUT/weight_gradients    mean |gradient| of each layer's weights, also relative to the weights (Figure 1 of the Relay
                            paper)
    OUT/gradients.json      summary, from which `tools/experiments.py report` makes tables

A figure that no run has records for is skipped with a message. Invalid input ends with exit code 2 and one sentence.

    python tools/analysis_tools/plot_gradients.py softmax=work_dirs/softmax exp-GB=work_dirs/exp --out work_dirs/figures
"""

import argparse
import json
from pathlib import Path

from mmgb.analysis.gradients.figures import histogram_figure, normaliser_figure, rms_figure, weight_gradient_figure
from mmgb.analysis.gradients.records import read_delta_histograms, read_gradient_stats
from mmgb.analysis.gradients.selection import RecordedRun, choose_histograms, choose_layers, with_statistics
from mmgb.analysis.gradients.summary import summarise_run
from mmgb.functional.errors import ConfigError
from mmgb.utils.cli.named_arguments import parse_named
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.gradient_records import (
    ERROR_RMS,
    SOFTMAX_NORMALISER_MEAN,
    SOFTMAX_NORMALISER_SUM,
    WEIGHT_GRAD_MEAN,
    WEIGHT_GRAD_RATIO,
)
from mmgb.utils.save_figure import save_figure

PAPERS_EPOCHS = [1, 4, 10]


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='[NAME=]WORK_DIR',
        help='work directories of tools/train.py; the default name is that of the folder',
    )
    parser.add_argument('--out', type=Path, required=True, help='folder to write to')
    parser.add_argument(
        '--layers',
        nargs='+',
        metavar='PATH',
        help='layers whose RMS to draw (default: every second one, counted back from the last)',
    )
    moments = parser.add_mutually_exclusive_group()
    moments.add_argument(
        '--epochs',
        nargs='+',
        type=int,
        default=PAPERS_EPOCHS,
        help='draw histograms of the first batch of these epochs (default: 1, 4 and 10, if recorded)',
    )
    moments.add_argument('--iterations', nargs='+', type=int, help='draw histograms of these iterations instead')
    return parser.parse_args()


def read_runs(arguments):
    """Return {name: RecordedRun} of ``[NAME=]WORK_DIR`` arguments."""
    named = parse_named(
        (argument if '=' in argument else f'{Path(argument).name}={argument}' for argument in arguments),
        'NAME=WORK_DIR',
    )
    try:
        return {
            name: RecordedRun(read_gradient_stats(folder), read_delta_histograms(folder))
            for name, folder in named.items()
        }
    except FileNotFoundError as error:
        raise ConfigError(str(error)) from error


def main():
    args = parse_args()
    runs = read_runs(args.runs)
    errors = {name: curves for name, (curves,) in with_statistics(runs, ERROR_RMS).items()}
    histograms = choose_histograms(runs, args.epochs, args.iterations)
    normalisers = with_statistics(runs, SOFTMAX_NORMALISER_MEAN, SOFTMAX_NORMALISER_SUM)
    weights = with_statistics(runs, WEIGHT_GRAD_MEAN, WEIGHT_GRAD_RATIO)
    figures = {
        'error_rms': errors and rms_figure(errors, choose_layers(errors.values(), args.layers)),
        'delta_histograms': histograms and histogram_figure(histograms),
        'softmax_normaliser': normalisers and normaliser_figure(normalisers),
        'weight_gradients': weights and weight_gradient_figure(weights),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        if not figure:
            print(f'No {name}: no run has recorded it.')
            continue
        for path in save_figure(figure, args.out / name):
            print(f'Written: {path}')
    summary = {name: summarise_run(*run, histograms.get(name, {})) for name, run in runs.items()}
    path = args.out / 'gradients.json'
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + '\n', encoding='utf-8')
    print(f'Written: {path}')


if __name__ == '__main__':
    run_tool(main)
