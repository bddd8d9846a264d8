"""Writes the tables of measured results into docs/RESULTS.md and the README files, from the numbers under docs/results.

python tools/make_results_table.py            # after a new docs/results/NAME.json
python tools/make_results_table.py --check    # changes nothing; exit code 1 if a table isn't what its numbers give
"""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mmgb.analysis.benchmark_tables import gradient_stats_table, loss_table, relay_table, sampler_table
from mmgb.analysis.curvature.measured import summary_table
from mmgb.analysis.gradients.summary import gradient_table, weight_gradient_table
from mmgb.analysis.predictions.comparison_table import comparison_table, rates_table
from mmgb.trials.claims import claims_table, read_claims
from mmgb.trials.gain_table import gain_table
from mmgb.trials.provenance import provenance_table
from mmgb.trials.tables import grid_table, trials_table
from mmgb.trials.trial import name_settings
from mmgb.utils.markdown import replace_block, table
from mmgb.utils.work_dir import Evaluation

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / 'docs' / 'results'


def comparison(results: dict) -> str:
    return comparison_table({run: Evaluation(found['metrics'], found['class_iou']) for run, found in results.items()})


def each(table_of_case):
    """A benchmark's tables, one below the other."""
    return lambda results: '\n'.join(table_of_case(case) for case in results['results'])


def claims() -> str:
    return claims_table(read_claims(RESULTS / 'claims.json'))


def headlines() -> str:
    return claims_table([claim for claim in read_claims(RESULTS / 'claims.json') if claim.headline])


def provenance() -> str:
    """Of all files that tools/run_trials.py wrote."""
    files = {str(path.relative_to(RESULTS)): json.loads(path.read_text()) for path in sorted(RESULTS.glob('*/*.json'))}
    return provenance_table({name: content for name, content in files.items() if 'settings' in content})


def section_4(results: dict) -> str:
    return table(
        ['Section 4 states', 'as mathematics', 'why'],
        [[found[key].replace('|', r'\|') for key in ('claim', 'verdict', 'reason')] for found in results['statements']],
    )


def measured_curvature(results: dict) -> str:
    return summary_table(results['networks'])


def gains() -> str:
    """Of the data sets of the README's recommendation."""
    return gain_table(
        {
            name: name_settings({loss: f'{RESULTS}/{prefix}{loss}.json' for loss in RECOMMENDED_FROM})
            for name, prefix in DATA_SETS.items()
        }
    )


class Block(NamedTuple):
    file: str  # where the block stands
    # A file below docs/results; or {name: 'FILE.json' or 'FILE.json:INDEX'} of tools/run_trials.py; or None
    numbers: object
    table: Callable  # of the file's content; of {name: the setting with its trials}; of nothing, reading many files

    def make(self) -> str:
        if self.numbers is None:
            return self.table()
        if isinstance(self.numbers, str):
            return self.table(json.loads((RESULTS / self.numbers).read_text()))
        return self.table(name_settings({name: f'{RESULTS / source}' for name, source in self.numbers.items()}))


def trial_files(folder: str, *names: str, prefix: str = '') -> dict[str, str]:
    return {name: f'{folder}/{prefix}{name}.json' for name in names}


def three_losses(family: str, folder: str, table: Callable, prefix: str = '') -> Block:
    """Of softmax and the two boosted losses, in the README of a family of configs."""
    return Block(
        f'configs/gradient_boosting/{family}/README.md', trial_files(folder, *RECOMMENDED_FROM, prefix=prefix), table
    )


OUTPUTS = 'linear', 'sigmoid', 'tanh', 'softmax'
HIDDEN = 'tanh', 'elu', 'glorot', 'lecun', 'logistic'
TARGET_SETTINGS = {
    f'{loss}, targets {{{negative}, {positive}}}, alpha {alpha}': f'targets/{loss}_{negative}_{positive}_{alpha}.json'
    for loss, alphas, all_targets in (
        ('exp-gb', (0.1, 0.01), ((0, 1), (0, 6), (0, 16))),
        ('pow3-gb', (0.001, 0.01), ((0, 1), (0, 6), (0, 10), (0, 16), (-2, 10))),
    )
    for alpha in alphas
    for negative, positive in all_targets
}
LOSSES = 'softmax', 'linear', 'exp-gb', 'pow3-gb', 'mirrored-exp-gb'
TRICKS = (
    'base',
    'reduced-rate',
    'crops',
    'standardised-inputs',
    'decorrelated-inputs',
    'logistic',
    'scaled-tanh',
    'sigmoid-squared-error',
    'sigmoid-cross-entropy',
    'piecewise-linear-tanh',
    'relu',
    'leaky-relu',
    'elu',
    'torch-uniform',
    'fan-out',
    'glorot',
    'glorot-uniform',
    'he',
    'relu-he',
    'batch-norm',
    'dropout',
)
VARIANTS = (
    'softmax',
    'softmax-norm-outputs',
    'softmax-adamw',
    'softmax-warmup-clip',
    'softmax-momentum',
    'softmax-small-batch',
    'sigmoid',
    'label-smooth',
    'squentropy',
    'linear',
    'exp-gb',
    'exp-gb-prior',
    'exp-gb-norm-outputs',
    'exp-gb-adamw',
    'exp-gb-momentum',
    'exp-gb-small-batch',
    'pow3-gb',
    'pow3-gb-prior',
    'pow3-gb-negative-target',
    'pow3-gb-norm-outputs',
    'pow3-gb-adamw',
    'pow3-gb-warmup-clip',
    'pow3-gb-momentum',
    'pow3-gb-small-batch',
)
RECOMMENDED_FROM = 'softmax', 'exp-gb', 'pow3-gb'
DATA_SETS = {
    'MNIST, perceptron': 'mnist_boosting/',
    'CIFAR-10, slim 5-layer network': 'cifar10_losses-slim/',
    '… with batch norm on the outputs': 'cifar10_losses-slim/norm-outputs_',
    'ten classes of ImageNet, slim AlexNet with batch norm': 'alexnet/',
    '… with batch norm on the outputs too': 'alexnet/norm-outputs_',
    'part of VOC 2012, slim PixelNet (100 - mIoU)': 'voc12-slim/',
    'scenes of digits, slim PixelNet (100 - mIoU)': 'digits/',
}
RECORDED = 'softmax_0.1', 'softmax_0.3', 'softmax_1.0', 'exp-gb_0.01', 'pow3-gb_0.005'
PROPAGATIONS = 'bp', 'multi-loss', 'relay-bp'
RELAY = 'configs/relay_bp/imagenette/README.md'
SAMPLING = 'configs/class_aware_sampling/README.md'
TABLES = {
    'claims': Block('docs/RESULTS.md', None, claims),
    'headlines': Block('README.md', None, headlines),
    'section_4': Block('docs/RESULTS.md', 'hessian.json', section_4),
    'provenance': Block('docs/RESULTS.md', None, provenance),
    'quickstart': Block('README.md', 'quickstart.json', comparison),
    'gains': Block('docs/RESULTS.md', None, gains),
    'measured_curvature': Block('docs/RESULTS.md', 'hessian.json', measured_curvature),
    'digits_rates': Block('configs/gradient_boosting/digits/README.md', 'digits_rates.json', rates_table),
    'digits': three_losses('digits', 'digits', trials_table),
    'voc12_rates': three_losses('voc12', 'voc12-slim', grid_table, prefix='rates_'),
    'voc12': three_losses('voc12', 'voc12-slim', trials_table),
    'voc12_slim': Block('configs/gradient_boosting/voc12/README.md', 'voc12_slim.json', comparison),
    'loss_benchmark': Block('docs/losses.md', 'loss_benchmark.json', each(loss_table)),
    'relay_benchmark': Block('docs/relay.md', 'relay_benchmark.json', each(relay_table)),
    'gradient_stats_benchmark': Block('docs/RESULTS.md', 'gradient_stats_benchmark.json', gradient_stats_table),
    'sampler_benchmark': Block(SAMPLING, 'sampler_benchmark.json', each(sampler_table)),
    'class_aware_sampling_sun8': Block(
        SAMPLING, trial_files('class_aware_sampling', 'default', 'class-aware', prefix='sun8_'), trials_table
    ),
    'class_aware_sampling_cifar10-lt': Block(
        SAMPLING, trial_files('class_aware_sampling', 'default', 'class-aware', prefix='cifar10-lt_'), trials_table
    ),
    'mnist_output_rates': Block(
        'configs/gradient_boosting/mnist/README.md', trial_files('mnist_outputs', *OUTPUTS, prefix='rates_'), grid_table
    ),
    'cifar10_loss_rates': Block(
        'configs/gradient_boosting/cifar10/README.md',
        trial_files('cifar10_losses-slim', *LOSSES, prefix='rates_'),
        grid_table,
    ),
    'mnist_boosting_rates': three_losses('mnist', 'mnist_outputs', grid_table, prefix='rates_'),
    'mnist_boosting': Block(
        'configs/gradient_boosting/mnist/README.md',
        trial_files('mnist_boosting', *RECOMMENDED_FROM, 'exp-gb_0.01'),
        trials_table,
    ),
    'variants': Block('configs/gradient_boosting/cifar10/README.md', trial_files('variants', *VARIANTS), grid_table),
    'alexnet_rates': three_losses('imagenette', 'alexnet', grid_table, prefix='rates_'),
    'alexnet': three_losses('imagenette', 'alexnet', trials_table),
    'relay_rates': Block(RELAY, trial_files('relay', *PROPAGATIONS, prefix='rates_'), grid_table),
    'relay_weights': Block(
        RELAY, trial_files('relay', 'multi-loss', 'relay-bp', prefix='weights_'), partial(grid_table, varied='weight')
    ),
    'relay': Block(RELAY, trial_files('relay', *PROPAGATIONS, 'relay-bp_exp-gb', prefix='model-a-slim_'), trials_table),
    'relay_resnet50': Block(RELAY, trial_files('relay', *PROPAGATIONS, prefix='resnet50-w8_'), trials_table),
    'relay_depth': Block(RELAY, trial_files('relay_depth', 'vgg19', 'vgg22', 'vgg25'), trials_table),
    'relay_depth_gradients': Block(RELAY, 'relay_depth/gradients.json', weight_gradient_table),
    'gradients': Block('configs/gradient_boosting/cifar10/README.md', 'gradients-slim/gradients.json', gradient_table),
    'gradients_errors': Block(
        'configs/gradient_boosting/cifar10/README.md', trial_files('gradients-slim', *RECORDED), trials_table
    ),
    'outputs': Block('configs/gradient_boosting/imagenette/README.md', 'outputs/gradients.json', gradient_table),
    'lecture': Block('configs/lecture/README.md', trial_files('lecture', *TRICKS), trials_table),
    'mnist_hidden_units': Block(
        'configs/gradient_boosting/mnist/README.md',
        trial_files('mnist_outputs', *(f'mlp-{network}_{output}' for network in HIDDEN for output in OUTPUTS[:3])),
        grid_table,
    ),
    'targets': Block('configs/gradient_boosting/mnist/README.md', TARGET_SETTINGS, grid_table),
    'mnist_outputs': Block(
        'configs/gradient_boosting/mnist/README.md', trial_files('mnist_outputs', *OUTPUTS), trials_table
    ),
    'cifar10_losses': Block(
        'configs/gradient_boosting/cifar10/README.md', trial_files('cifar10_losses-slim', *LOSSES), trials_table
    ),
    'alexnet_norm_outputs_rates': three_losses('imagenette', 'alexnet', grid_table, prefix='norm-outputs_rates_'),
    'alexnet_norm_outputs': three_losses('imagenette', 'alexnet', trials_table, prefix='norm-outputs_'),
    'mnist_norm_outputs': three_losses('mnist', 'mnist_outputs', grid_table, prefix='norm-outputs_'),
    'voc12_norm_outputs_rates': three_losses('voc12', 'voc12-slim', grid_table, prefix='norm-outputs_rates_'),
    'cifar10_norm_outputs_rates': three_losses(
        'cifar10', 'cifar10_losses-slim', grid_table, prefix='norm-outputs_rates_'
    ),
    'cifar10_norm_outputs': three_losses('cifar10', 'cifar10_losses-slim', trials_table, prefix='norm-outputs_'),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--check', action='store_true')
    args = parser.parse_args()
    stale = []
    for name, block in TABLES.items():
        text = (ROOT / block.file).read_text()
        updated = replace_block(text, name, block.make())
        if updated != text:
            stale.append(f'{block.file} ({name})')
            if not args.check:
                (ROOT / block.file).write_text(updated)
    if stale:
        print(('Not what its numbers give: ' if args.check else 'Updated: ') + ', '.join(stale))
    sys.exit(1 if args.check and stale else 0)


if __name__ == '__main__':
    main()
