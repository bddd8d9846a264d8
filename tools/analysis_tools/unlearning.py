"""Measure how many right outputs one step of gradient descent makes wrong, for each loss, and print a table.

Section 2.1 of the gradient-boosting paper says that linear outputs unlearn right samples, and boosted ones don't. Here
random two-layer networks take one step on a sample that they classify correctly; see mmgb/analysis/unlearning.py. It
takes a few seconds and needs no data.

    python tools/analysis_tools/unlearning.py --out docs/results/unlearning.json
"""

import argparse
import json
from pathlib import Path

from mmgb.analysis.unlearning import unlearned_shares, unlearning_table
from mmgb.functional.errors import ConfigError
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.cli.run_tool import run_tool
from mmgb.utils.environment import environment

SCALES, MOVES = (1.0, 5.0), (0.03, 0.1, 0.3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--samples', type=int, default=20_000, help='number of networks and samples (default: 20000)')
    parser.add_argument('--seed', type=int, default=0, help='seed of weights and inputs (default: 0)')
    parser.add_argument('--out', type=Path, metavar='FILE.json', help='file for the numbers')
    args = parser.parse_args()
    for name in ('samples', 'seed'):
        if getattr(args, name) < (name == 'samples'):
            raise ConfigError(f'--{name}={getattr(args, name)}: expected at least {int(name == "samples")}')
    cases = unlearned_shares(SCALES, MOVES, args.samples, args.seed)
    numbers = dict(environment=environment(), samples=args.samples, seed=args.seed, cases=cases)
    print(unlearning_table(numbers), end='')
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(args.out, 'w') as file:
            file.write(json.dumps(numbers, indent=1) + '\n')


if __name__ == '__main__':
    run_tool(main)
