"""Train a tiny network with each loss at extreme targets, alpha and learning rates, and report where it explodes.

A training must go on, or stop by the sentence of CheckInvalidLossHook, or its settings must be refused. Takes two
minutes of CPU time. Prints the table and writes every case as JSON to --out.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from measuring import show, write_results  # beside this file

from mmgb.analysis.explosion_table import explosion_table
from mmgb.recipes.explosion import train_to_the_end

RATES = (1e-6, 1e-3, 0.1, 10.0, 1e3, 1e6)
TARGETS = ((0.0, 1.0), (0.0, 16.0), (-2.0, 10.0), (1.0, 16.0), (0.0, 1000.0))
ALPHAS = (1e-6, 1e-3, 0.1, 1.0, 1e3)
SENTENCE = (
    r'iteration \d+: (the loss is not finite|scores exceed 2\^24, .*) \(.*\); .*; '
    r'lower the learning rate \(it was \S+\) or bound the gradients'
)


def losses() -> Iterator[dict]:
    """Yield the configs of the losses."""
    for targets, alpha in itertools.product(TARGETS, ALPHAS):
        for name, bound in itertools.product(('ExpGBLoss', 'Pow3GBLoss'), (None, 3.0)):
            yield dict(type=f'mmgb.{name}', targets=targets, alpha=alpha, max_delta=bound)
        yield dict(type='mmgb.MirroredExpGBLoss', targets=targets, alpha=alpha)
    for name in ('ExpGBLoss', 'Pow3GBLoss'):
        yield dict(type=f'mmgb.{name}', matched=True)
    for targets in TARGETS:
        yield dict(type='mmgb.SquaredErrorLoss', activation='linear', targets=targets)
    for activation, targets in itertools.product(('sigmoid', 'tanh'), ('unit', 'symmetric', 'max_curvature')):
        yield dict(type='mmgb.SquaredErrorLoss', activation=activation, targets=targets)
    yield dict(type='mmgb.SquentropyLoss')
    yield dict(type='mmpretrain.CrossEntropyLoss')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--iterations', type=int, default=60, help='length of a training (default: %(default)s)')
    parser.add_argument(
        '--out', type=Path, default=Path('docs/results/explosions.json'), help='JSON file (default: %(default)s)'
    )
    args = parser.parse_args()
    results, unexplained = [], []
    for loss, rate in itertools.product(losses(), RATES):
        show(f'{loss} at {rate:g}')
        ending = train_to_the_end(loss, rate, args.iterations)
        results.append(dict(loss=loss, learning_rate=rate, **ending._asdict()))
        sentence = results[-1].pop('sentence')
        if ending.verdict == 'stops' and not re.match(SENTENCE, sentence):
            unexplained.append(sentence)
    show('')
    print(explosion_table(results), end='')
    write_results(args.out, results, iterations=args.iterations, unexplained=unexplained)
    sys.exit(bool(unexplained))


if __name__ == '__main__':
    main()
