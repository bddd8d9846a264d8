"""Averages the scores of several test results of mmpretrain and evaluates each of them and the ensemble.

A result is what `tools/test.py CONFIG CHECKPOINT --out FILE.pkl` wrote: of different networks, input sizes or test-time
augmentations, but of the same images. Exit code 2 and one sentence for results that don't belong together.

    python tools/analysis_tools/ensemble.py model_a.pkl model_b.pkl --config CONFIG --out ensemble.pkl
"""

import argparse
from pathlib import Path

from mmgb import compat

compat.apply()

import mmengine  # noqa: E402
import torch  # noqa: E402
from mmengine.evaluator import Evaluator  # noqa: E402
from mmengine.registry import METRICS, init_default_scope  # noqa: E402

from mmgb.analysis.predictions.classification_result import check_same_images, classification_result, read_samples  # noqa: E402
from mmgb.analysis.predictions.ensemble import MEANS, mean_scores  # noqa: E402
from mmgb.apis.config import load_config  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.cli.cfg_options import add_cfg_options  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.errors import one_line  # noqa: E402
from mmgb.utils.markdown import table  # noqa: E402

KEPT = ('sample_idx', 'img_path', 'ori_shape', 'num_classes', 'gt_label', 'gt_score')  # the same whatever the network


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('results', nargs='+', type=Path, metavar='RESULT.pkl')
    parser.add_argument('--mean', choices=MEANS, default='arithmetic', help='of the scores (default: arithmetic)')
    metrics = parser.add_mutually_exclusive_group()
    metrics.add_argument('--config', help='evaluate by the test_evaluator of this config')
    metrics.add_argument(
        '--metrics',
        nargs='+',
        metavar='NAME',
        help='evaluate by these metrics with their default '
        'settings, such as SingleLabelMetric (default: Accuracy, top-1 and top-5)',
    )
    add_cfg_options(parser, 'override entries of the config, e.g. test_evaluator.topk="(1,5)"')
    parser.add_argument('--out', type=Path, help='write the averaged result to this .pkl, in the format of the others')
    return parser.parse_args()


def metric_configs(args):
    if args.config:
        cfg = load_config(args.config, args.cfg_options, ('test_evaluator',))
        init_default_scope(cfg.get('default_scope') or 'mmpretrain')
        evaluators = cfg.test_evaluator
        return evaluators if isinstance(evaluators, list) else [evaluators]
    init_default_scope('mmpretrain')
    with METRICS.switch_scope_and_registry('mmpretrain') as registry:
        for name in args.metrics or ():
            if registry.get(name) is None:
                raise ConfigError(f"--metrics='{name}' is no metric of mmpretrain such as Accuracy")
    return [dict(type=name) for name in args.metrics or ['Accuracy']]


def with_top5(metrics, num_classes):
    """Named metrics, Accuracy with top-1 and top-5."""
    topk = tuple(k for k in (1, 5) if k <= num_classes)
    return [dict(metric, topk=topk) if metric['type'] == 'Accuracy' else metric for metric in metrics]


def evaluate(samples, metrics):
    """{name: value} of a list of data samples."""
    try:
        evaluator = Evaluator(metrics)
        evaluator.process(samples)
        return evaluator.evaluate(len(samples))
    except (
        AssertionError,
        AttributeError,
        ImportError,
        IndexError,
        KeyError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise ConfigError(
            f"the metrics {', '.join(str(metric['type']) for metric in metrics)} can't evaluate these "
            f'results: {one_line(error)}'
        ) from error


def averaged(samples, scores):
    """``samples`` with ``scores``, (N, C), in the place of their predictions."""
    ensemble = []
    for sample, row in zip(samples, scores):
        score = torch.tensor(row)  # a copy: a pickled view brings the scores of all images along
        ensemble.append(
            {
                **{key: sample[key] for key in KEPT if key in sample},
                'pred_score': score,
                'pred_label': score.argmax(0, keepdim=True),
            }
        )
    return ensemble


def main():
    args = parse_args()
    if len(args.results) < 2:
        raise ConfigError(f"results='{args.results[0]}': expected at least two, to be averaged")
    if args.out and args.out.suffix not in ('.pkl', '.pickle'):
        raise ConfigError(f"--out='{args.out}' should end with .pkl or .pickle")
    metrics = metric_configs(args)
    try:
        samples, results = {}, {}
        for name, path in zip(map(str, args.results), args.results):
            print(f'Reading {name}', flush=True)
            samples[name] = read_samples(path)
            results[name] = classification_result(samples[name], name)
        check_same_images(results)
        scores = mean_scores([result.scores for result in results.values()], args.mean)
    except (FileNotFoundError, ValueError) as error:
        raise ConfigError(str(error)) from error
    first = results[str(args.results[0])]
    ensemble = averaged(samples[str(args.results[0])], scores)
    if first.labels is None:
        print('These images have no labels: nothing to evaluate.')
    else:
        metrics = metrics if args.config else with_top5(metrics, scores.shape[1])
        found = {name: evaluate(each, metrics) for name, each in {**samples, 'ensemble': ensemble}.items()}
        names = list(found['ensemble'])
        print(
            table(
                ['', *names],
                [
                    [
                        result,
                        *(
                            f'{values[name]:.2f}' if isinstance(values[name], float) else str(values[name])
                            for name in names
                        ),
                    ]
                    for result, values in found.items()
                ],
            )
        )
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        mmengine.dump(ensemble, str(args.out))
        print(f'Written: {args.out}')


if __name__ == '__main__':
    run_tool(main)
