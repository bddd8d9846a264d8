"""Compare the suggestions of the learning-rate finder with the best of the learning rates that docs/results measured.

    python tools/benchmarks/rate_finder.py [--starts 1] [--only mnist]

The sweeps, with 15 steps a decade, are written as JSON after each one; the same command continues an interrupted one.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from mmgb import compat

compat.apply()  # before a host is imported

from mmgb.apis.config import TRAIN_FIELDS, load_config  # noqa: E402
from mmgb.rate_finder.rate_sweep import sweep_rates  # noqa: E402
from mmgb.rate_finder.tables import suggested_rates_table  # noqa: E402
from mmgb.recipes.check import rounded  # noqa: E402
from mmgb.utils.atomic_write import atomic_write  # noqa: E402
from mmgb.utils.environment import environment  # noqa: E402

ROOT = Path(__file__).parents[2]
LOSSES = ('softmax', 'exp-gb', 'pow3-gb')
RMSPROP = {'optim_wrapper.optimizer.type': 'RMSprop'}
MOMENTUM = {'optim_wrapper.optimizer.momentum': 0.9}
# title: configs, overrides and grids, with {} for the loss
SETTINGS = {
    'MNIST, SGD': ('mnist/mlp_{}_1xb100-100e_mnist-28x28.py', {}, 'mnist_outputs/rates_{}.json'),
    'MNIST, RMSprop': ('mnist/mlp_{}_1xb100-100e_mnist-28x28.py', RMSPROP, 'mnist_outputs/rmsprop_{}.json'),
    'ten classes of ImageNet, SGD': (
        'imagenette/alexnet-bn-slim_{}_1xb64-10e_imagenette-64x64.py',
        {},
        'alexnet/rates_{}.json',
    ),
    'CIFAR-10, SGD': (
        'cifar10/cifar-convnet5-slim_{}_1xb128-10e_cifar10-32x32.py',
        {},
        'cifar10_losses-slim/rates_{}.json',
    ),
    'CIFAR-10, SGD with momentum': (
        'cifar10/cifar-convnet5-slim_{}_1xb128-10e_cifar10-32x32.py',
        MOMENTUM,
        'variants/{}-momentum.json',
    ),
    'CIFAR-10, AdamW': (
        'cifar10/cifar-convnet5-slim_{}-adamw_1xb128-10e_cifar10-32x32.py',
        {},
        'variants/{}-adamw.json',
    ),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--starts', type=int, default=1, help='sweeps of each setting (default: %(default)s)')
    parser.add_argument('--only', default='', help='part of the titles of the settings (default: all)')
    parser.add_argument('--out', type=Path, default=ROOT / 'docs/results/rate_finder.json', help='JSON file')
    args = parser.parse_args()
    rates = [float(rate) for rate in np.geomspace(1e-5, 10, 91)]
    content = dict(environment=environment(), rates=rates, results=[])
    if args.out.exists():
        content = json.loads(args.out.read_text(encoding='utf-8'))
    for title, (config, overrides, grid) in SETTINGS.items():
        for loss in LOSSES:
            name = f'{title}: {loss}'
            if args.only.lower() not in name.lower():
                continue
            case = next((case for case in content['results'] if case['title'] == name), None)
            if case is None:
                case = dict(title=name, grid=grid.format(loss), losses=[])
                content['results'].append(case)
            path = ROOT / 'configs/gradient_boosting' / config.format(loss)
            for start in range(len(case['losses']), args.starts):
                swept = sweep_rates(load_config(str(path), overrides, TRAIN_FIELDS), rates, start)
                case['losses'].append([rounded(loss) for loss in swept])
                with atomic_write(args.out) as file:
                    file.write(json.dumps(content) + '\n')
    print(suggested_rates_table(content, ROOT / 'docs/results'), end='')


if __name__ == '__main__':
    main()
