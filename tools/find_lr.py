"""Suggest a learning rate for a config and any loss, by sweeps on its own training data.

    python tools/find_lr.py CONFIG [--loss pow3-gb] [--from 1e-5 --to 10] [--out DIR]

Each sweep trains 100 optimiser steps through mmengine's runner while the learning rate rises exponentially, and ends
where the loss leaves its start. The suggestion is the geometric middle between the rates of the steepest descent and of
the lowest loss, in the mean over three starts with other weights and another order of the data. Losses need not be
comparable: the rule ignores their unit. mmgb/rate_finder/rate_rule.py has the rule, docs/losses.md how far it was from
the best measured rates.

--out gets the sweeps as sweeps.json and a figure as sweeps.png and sweeps.svg.
"""

import argparse
import json
import sys
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

from mmgb.apis.config import TRAIN_FIELDS, load_config, type_name  # noqa: E402
from mmgb.apis.dataloaders import check_data_roots  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.rate_finder.figure import sweep_figure  # noqa: E402
from mmgb.rate_finder.find_rate import SweepOptions, find_rate  # noqa: E402
from mmgb.suggest.losses import LOSS_TYPES  # noqa: E402
from mmgb.suggest.suggestion import suggest_loss  # noqa: E402
from mmgb.utils.atomic_write import atomic_write  # noqa: E402
from mmgb.utils.cli.cfg_options import add_cfg_options  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.environment import environment  # noqa: E402
from mmgb.utils.progress import Progress  # noqa: E402
from mmgb.utils.save_figure import save_figure  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file of mmsegmentation or mmpretrain')
    parser.add_argument(
        '--loss',
        choices=sorted(LOSS_TYPES),
        help="loss in matched units, as mmgb.suggest writes it (default: the config's)",
    )
    parser.add_argument(
        '--from', type=float, metavar='RATE', dest='lowest', help="first rate (default: a thousandth of the config's)"
    )
    parser.add_argument(
        '--to', type=float, metavar='RATE', dest='highest', help="last rate (default: a thousand times the config's)"
    )
    parser.add_argument('--steps', type=int, default=100, help='optimiser steps of a sweep (default: %(default)s)')
    parser.add_argument('--starts', type=int, default=3, help='number of sweeps (default: %(default)s)')
    parser.add_argument(
        '--batch-size', type=int, help="images per step (default: the config's, times the processes in its name)"
    )
    parser.add_argument('--out', type=Path, metavar='DIR', help='folder for the sweeps and the figure')
    add_cfg_options(parser)
    return parser.parse_args()


def configured_rate(cfg):
    """Return the learning rate of the config's optimizer."""
    optimizer = cfg.optim_wrapper.get('optimizer') or {}
    rate = optimizer.get('lr')
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < float('inf'):
        raise ConfigError(f'optim_wrapper.optimizer.lr={rate!r}: expected a positive number, to scale the sweep')
    return float(rate)


def write(folder, args, found, configured):
    """Write the sweeps and the figure."""
    folder.mkdir(parents=True, exist_ok=True)
    content = dict(
        environment=environment(),
        config=args.config,
        loss=args.loss,
        suggestion=found.rate,
        of_starts=[suggestion.rate for suggestion in found.suggestions],
        rates=found.rates,
        losses=[[loss if loss == loss else str(loss) for loss in losses] for losses in found.sweeps],
    )
    with atomic_write(folder / 'sweeps.json') as file:
        file.write(json.dumps(content) + '\n')
    title = Path(args.config).stem + (f', {args.loss}' if args.loss else '')
    figure = sweep_figure(title, found.rates, found.sweeps, found.suggestions, found.rate, configured)
    save_figure(figure, folder / 'sweeps')


def main():
    args = parse_args()
    cfg = load_config(args.config, args.cfg_options, TRAIN_FIELDS)
    check_data_roots(cfg, ('train_dataloader',))
    configured = configured_rate(cfg)
    if args.loss:
        cfg.merge_from_dict(suggest_loss(cfg, args.loss).overrides)
    options = SweepOptions(
        configured / 1000 if args.lowest is None else args.lowest,
        configured * 1000 if args.highest is None else args.highest,
        args.steps,
        args.starts,
        args.batch_size,
    )
    progress = Progress(args.starts, 'sweeps', interval=None)

    def report(start, suggestion):
        progress.update()
        rate = 'the loss did not fall' if suggestion.rate is None else f'suggests {suggestion.rate:.2g}'
        print(f'start {start}: {rate}; {progress}', file=sys.stderr, flush=True)

    found = find_rate(cfg, options, report)
    if args.out:
        write(args.out, args, found, configured)
    kind = type_name(cfg.optim_wrapper.optimizer)
    print(f"suggested learning rate for {kind}: {found.rate:.2g}; the config's is {configured:.2g}")
    if not all(suggestion.ended for suggestion in found.suggestions):
        print(
            f'a loss had not left its start at {found.rates[-1]:.2g}: a higher rate may be better, sweep on with --to'
        )
    print(f'use it with --cfg-options optim_wrapper.optimizer.lr={found.rate:.2g}')


if __name__ == '__main__':
    run_tool(main)
