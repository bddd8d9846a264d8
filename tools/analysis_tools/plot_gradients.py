"""Draws what mmgb's GradientStatsHook has recorded, each run with its own colour or row.

Writes, each as .png and .svg: OUT/error_rms (RMS of the error gradients of layers), OUT/delta_histograms (output deltas
at the start of some epochs), OUT/softmax_normaliser and OUT/weight_gradients (mean |gradient| of each layer's weights,
also relative to the weights). These are Figures 3, 2 and 5 of the gradient-boosting paper and Figure 1 of the Relay
paper. What no run has recorded is left out, and said. OUT/gradients.json has the same as numbers, for
tools/experiments.py report. Exit code 2 and one sentence for bad input.

    python tools/analysis_tools/plot_gradients.py softmax=work_dirs/softmax exp-GB=work_dirs/exp --out work_dirs/figures
"""

import argparse
import json
from pathlib import Path

from mmgb.analysis.gradients.figures import histogram_figure, normaliser_figure, rms_figure, weight_gradient_figure
from mmgb.analysis.gradients.records import read_delta_histograms, read_gradient_stats
from mmgb.analysis.gradients.summary import summarise_run
from mmgb.functional.errors import ConfigError
from mmgb.trials.figure import save_figure
from mmgb.utils.cli.named_arguments import parse_named
from mmgb.utils.cli.run_tool import run_tool

PAPERS_EPOCHS = [1, 4, 10]


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('runs', nargs='+', metavar='[NAME=]WORK_DIR', help='of tools/train.py')
    parser.add_argument('--out', type=Path, required=True, help='folder to write to')
    parser.add_argument(
        '--layers',
        nargs='+',
        metavar='PATH',
        help='whose RMS to draw (default: the last one that runs, and every second before it)',
    )
    moments = parser.add_mutually_exclusive_group()
    moments.add_argument(
        '--epochs',
        nargs='+',
        type=int,
        default=PAPERS_EPOCHS,
        help='whose first batch the histograms are of (default: those of 1, 4 and 10 that were recorded)',
    )
    moments.add_argument('--iterations', nargs='+', type=int, help='the histograms of these instead')
    return parser.parse_args()


def read_runs(arguments):
    """Name to what the run has recorded: curves and histograms. A run without a name has that of its folder."""
    named = parse_named(
        (argument if '=' in argument else f'{Path(argument).name}={argument}' for argument in arguments),
        'NAME=WORK_DIR',
    )
    try:
        return {name: (read_gradient_stats(folder), read_delta_histograms(folder)) for name, folder in named.items()}
    except FileNotFoundError as error:
        raise ConfigError(str(error)) from error


def of_statistic(runs, *statistics):
    """The runs that have recorded these, by name: one curve for each module path, for each statistic."""
    return {
        name: tuple(stats[statistic] for statistic in statistics)
        for name, (stats, _) in runs.items()
        if all(statistic in stats for statistic in statistics)
    }


def choose_layers(curves, layers):
    recorded = list(dict.fromkeys(layer for found in curves.values() for layer in found))
    unknown = [layer for layer in layers or () if layer not in recorded]
    if unknown:
        raise ConfigError(f'--layers {unknown[0]}: not recorded; there are {", ".join(recorded)}')
    return layers or recorded[::-1][::2][::-1]


def choose_histograms(runs, epochs, iterations):
    """Name to 'epoch 1' or 'iteration 1' to histograms."""
    chosen = {name: {} for name in runs}
    for name, (_, histograms) in runs.items():
        for histogram in histograms:
            if iterations is not None and histogram.step in iterations:
                chosen[name].setdefault(f'iteration {histogram.step}', []).append(histogram)
            elif iterations is None and histogram.batch == 1 and histogram.epoch in epochs:
                chosen[name].setdefault(f'epoch {histogram.epoch}', []).append(histogram)
    if any(histograms for _, histograms in runs.values()) and not any(chosen.values()):
        option, given = ('--epochs', epochs) if iterations is None else ('--iterations', iterations)
        there = sorted(
            {
                histogram.step if iterations is not None else histogram.epoch
                for _, histograms in runs.values()
                for histogram in histograms
            }
        )
        raise ConfigError(
            f'{option} {" ".join(map(str, given))}: no histogram was recorded there, but at '
            f'{", ".join(map(str, there))}'
        )
    return {name: found for name, found in chosen.items() if found}


def main():
    args = parse_args()
    runs = read_runs(args.runs)
    errors = {name: curves for name, (curves,) in of_statistic(runs, 'error_rms').items()}
    histograms = choose_histograms(runs, args.epochs, args.iterations)
    normalisers = of_statistic(runs, 'softmax_normaliser_mean', 'softmax_normaliser_sum')
    weights = of_statistic(runs, 'weight_grad_mean', 'weight_grad_ratio')
    figures = {
        'error_rms': errors and rms_figure(errors, choose_layers(errors, args.layers)),
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
    summary = {name: summarise_run(*recorded, histograms.get(name, {})) for name, recorded in runs.items()}
    path = args.out / 'gradients.json'
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + '\n', encoding='utf-8')
    print(f'Written: {path}')


if __name__ == '__main__':
    run_tool(main)
