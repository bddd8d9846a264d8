"""Average the scores of several mmpretrain test results, and evaluate each of them and the ensemble.

A test result is a file that `tools/test.py CONFIG CHECKPOINT --out FILE.pkl` wrote. The results may come from different
networks, input sizes or test-time augmentations, but must be of the same images. Invalid input ends with exit code 2
and one sentence.

    python tools/analysis_tools/ensemble.py model_a.pkl model_b.pkl --config CONFIG --out ensemble.pkl
"""

import argparse
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

import mmengine  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402

from mmgb.analysis.predictions.classification_result import check_same_images, classification_result  # noqa: E402
from mmgb.analysis.predictions.ensemble import MEANS, mean_scores, with_scores  # noqa: E402
from mmgb.analysis.predictions.evaluation import (  # noqa: E402
    check_metric_names,
    default_metrics,
    evaluate,
    metrics_table,
)
from mmgb.analysis.predictions.result_file import read_samples  # noqa: E402
from mmgb.apis.config import load_config  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.cli.cfg_options import add_cfg_options  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('results', nargs='+', type=Path, metavar='RESULT.pkl', help='test results, at least two')
    parser.add_argument(
        '--mean', choices=MEANS, default='arithmetic', help='mean of the scores to take (default: arithmetic)'
    )
    metrics = parser.add_mutually_exclusive_group()
    metrics.add_argument('--config', help="evaluate with this config's test_evaluator")
    metrics.add_argument(
        '--metrics',
        nargs='+',
        metavar='NAME',
        help='evaluate with these metrics and their default settings, such as SingleLabelMetric (default: Accuracy, '
        'top-1 and top-5)',
    )
    add_cfg_options(parser, 'override entries of the config, e.g. test_evaluator.topk="(1,5)"')
    parser.add_argument('--out', type=Path, help='.pkl file for the averaged result, in the format of the others')
    return parser.parse_args()


def config_metrics(path, options):
    """Return the config's metrics, and make its default scope the current one."""
    cfg = load_config(path, options, ('test_evaluator',))
    init_default_scope(cfg.get('default_scope') or 'mmpretrain')
    evaluators = cfg.test_evaluator
    return evaluators if isinstance(evaluators, list) else [evaluators]


def named_metrics(names):
    """Check the names, and make mmpretrain the default scope."""
    init_default_scope('mmpretrain')
    check_metric_names(names, '--metrics')
    return names


def read_results(paths):
    """Return the data samples and the arrays of each test result, by path."""
    samples, results = {}, {}
    try:
        for path in paths:
            name = str(path)
            print(f'Reading {name}', flush=True)
            samples[name] = read_samples(path)
            results[name] = classification_result(samples[name], name)
    except FileNotFoundError as error:
        raise ConfigError(str(error)) from error
    check_same_images(results)
    return samples, results


def main():
    args = parse_args()
    if len(args.results) < 2:
        raise ConfigError(f"results='{args.results[0]}': expected at least two results to average")
    if args.out and args.out.suffix not in ('.pkl', '.pickle'):
        raise ConfigError(f"--out='{args.out}': expected a name that ends with .pkl or .pickle")
    metrics = config_metrics(args.config, args.cfg_options) if args.config else None
    names = None if metrics else named_metrics(args.metrics or ['Accuracy'])
    samples, results = read_results(args.results)
    scores = mean_scores([result.scores for result in results.values()], args.mean)
    first = str(args.results[0])
    ensemble = with_scores(samples[first], scores)
    if results[first].labels is None:
        print('These images have no labels: nothing to evaluate.')
    else:
        metrics = metrics or default_metrics(names, scores.shape[1])
        found = {name: evaluate(each, metrics) for name, each in {**samples, 'ensemble': ensemble}.items()}
        print(metrics_table(found))
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        mmengine.dump(ensemble, str(args.out))
        print(f'Written: {args.out}')


if __name__ == '__main__':
    run_tool(main)
