"""Train 60 optimiser steps of configs as they are, and report whether the loss falls.

    python tools/check_recipe.py configs/…/NAME.py                                  # one recipe
    python tools/check_recipe.py configs/relay_bp/*/*.py --batch-size 16 --out recipes.json

Full width, the batch of all processes that the config's name announces, its optimizer, schedule, clipping, losses and
pipeline. A batch is accumulated from micro-batches of the size that one process has, which batch norm sees. Where the
config's data set is missing, made images with natural statistics and ten classes replace it; pretrained weights that
are no file here are replaced by random ones. Nothing is downloaded.

A training diverges if a loss or gradient is not finite or a loss exceeds a hundred times the first one, and ends there.
It rises if the median loss of the last quarter exceeds the first one, or the median of the first quarter, by more than
three standard deviations of the noise between steps and 2 %. The exit code is 1 if any does either, else 0.

The same command continues an interrupted one: configs that --out holds with the same content and options are skipped.
Configs that differ in testing alone are trained once.
"""

import argparse
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

from mmgb.analysis.recipe_table import recipe_table, verdict  # noqa: E402
from mmgb.apis.config import TRAIN_FIELDS, load_config  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.recipes.check import CheckOptions, check_recipe  # noqa: E402
from mmgb.recipes.report_file import ReportFile, digest  # noqa: E402
from mmgb.recipes.verdict import FAILING  # noqa: E402
from mmgb.utils.cli.cfg_options import add_cfg_options  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.environment import environment  # noqa: E402
from mmgb.utils.process_lock import ProcessLock  # noqa: E402
from mmgb.utils.progress import Progress  # noqa: E402


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('configs', nargs='+', metavar='CONFIG', help='config files of mmsegmentation or mmpretrain')
    parser.add_argument('--steps', type=int, default=60, metavar='N', help='optimiser steps (default: %(default)s)')
    parser.add_argument(
        '--batch-size',
        type=int,
        metavar='N',
        help="images per optimiser step (default: the config's, times the processes in its name)",
    )
    parser.add_argument(
        '--micro-batch',
        type=int,
        metavar='N',
        help="most images that go through the network together, where memory is short (default: the config's batch "
        'per process); the largest divisor of the batch size up to N is used',
    )
    parser.add_argument(
        '--image-size', type=int, metavar='N', help="side of the images in pixels (default: the config's)"
    )
    parser.add_argument('--out', type=Path, metavar='FILE.json', help='file for the measurements')
    add_cfg_options(parser, 'override entries of every config')
    return parser.parse_args()


def check_options(args):
    """Validate the options and return them."""
    options = CheckOptions(args.steps, args.batch_size, args.micro_batch, args.image_size)
    for name, value in options._asdict().items():
        if value is not None and value < 1:
            raise ConfigError(f'--{name.replace("_", "-")}={value}: expected a positive integer')
    if args.out is not None and args.out.suffix != '.json':
        raise ConfigError(f"--out='{args.out}': expected a name that ends with .json")
    return options


def lock_file(out):
    """Return a context manager that holds the lock of the file ``out``; None needs none."""
    if out is None:
        return nullcontext()
    return ProcessLock(out.with_name(f'{out.name}.lock'), f"--out='{out}'", 'wait for its end or choose another file')


def check_configs(configs, options, file):
    """Check the configs that ``file`` does not hold yet, and return the entries of all by path."""
    progress, checked = Progress(len(configs), 'configs', interval=None), {}
    for path, cfg in configs.items():
        identity = dict(digest=digest(cfg.to_dict()), options=options._asdict())
        checked[path] = file.find(path, identity)
        if checked[path] is None:
            find_training = partial(file.find_training, options=identity['options'])
            checked[path] = identity | check_recipe(cfg, options, find_training) | identity
            file.add(path, checked[path])
        progress.update()
        print(f'{path}: {verdict(checked[path])}; {progress}', file=sys.stderr, flush=True)
    return checked


def main():
    args = parse_args()
    options = check_options(args)
    configs = {path: load_config(path, args.cfg_options, TRAIN_FIELDS) for path in args.configs}
    with lock_file(args.out):
        checked = check_configs(configs, options, ReportFile(args.out, environment()))
    print(recipe_table(checked), end='')
    sys.exit(any(entry['verdict'] in FAILING for entry in checked.values()))


if __name__ == '__main__':
    run_tool(main)
