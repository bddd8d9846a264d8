"""Trains several seeds of a config, or of each setting of a grid, and writes their learning curves into one JSON file.

    python tools/run_trials.py configs/…/NAME.py --trials 5 --out NAME.json \\
        --vary optim_wrapper.optimizer.lr=0.03,0.1 --vary model.head.loss.targets=[0,6],[0,16]

Each trial is a run of tools/train.py with randomness.seed from 0 on; its checkpoints are not kept. The file is written
after each of them. The same command goes on where an interrupted one has ended: trials that are in the file are not
run again, one that was under way starts anew; a larger --trials, or further values of --vary, add to the file. It is
assumed that the config is still the same. The metric is in percent, and larger is better. A trial that fails, as one
that diverges, is recorded with its error, and the others go on. Unless OMP_NUM_THREADS is set, the trials of --jobs
share the threads. Never let two run_trials.py write the same file.
"""

import argparse
import os
import sys
import time
from contextlib import closing
from pathlib import Path

from mmgb import compat

compat.apply()  # at the top: before a host is imported

import torch  # noqa: E402

from mmgb.apis.config import TRAIN_FIELDS, load_config  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.trials.file import TrialsFile  # noqa: E402
from mmgb.trials.processes import interrupt_when_told_to_end, run_processes  # noqa: E402
from mmgb.trials.schedule import LOG, last_line, plan, start  # noqa: E402
from mmgb.trials.trial import Trial, best_point  # noqa: E402
from mmgb.utils.cli.grid import make_grid  # noqa: E402
from mmgb.utils.cli.overrides import parse_overrides  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.environment import environment  # noqa: E402
from mmgb.utils.work_dir import read_curve  # noqa: E402

TRAIN = Path(__file__).with_name('train.py')
FIELDS = (*TRAIN_FIELDS, 'val_cfg', 'val_dataloader')


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, of mmsegmentation or mmpretrain')
    parser.add_argument(
        '--trials', type=int, required=True, metavar='N', help='how many seeds of each setting: 0 to N-1'
    )
    parser.add_argument('--jobs', type=int, default=1, metavar='J', help='trials at a time (default: %(default)s)')
    parser.add_argument(
        '--vary',
        action='append',
        default=[],
        metavar='KEY=V1,V2,…',
        help="values of one of the config's entries; several of these options make a grid. A value may "
        'have commas inside of brackets',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        default=[],
        metavar='KEY=VALUE',
        help='overrides of the config that all trials have in common',
    )
    parser.add_argument(
        '--metric', default='accuracy/top1', help='as the evaluator calls it, in percent (default: %(default)s)'
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        help='folder for the logs of all trials (default: ./work_dirs/trials/NAME_OF_THE_CONFIG)',
    )
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.json', help='the curves')
    return parser.parse_args()


def check(args, grid):
    """What the trials have in common, for the file; raises a :class:`ConfigError` for what can be known so early."""
    for name in ('trials', 'jobs'):
        if getattr(args, name) < 1:
            raise ConfigError(f'--{name} must be at least 1, got {getattr(args, name)}')
    if args.out.suffix != '.json':
        raise ConfigError(f"--out='{args.out}' should end with .json")
    common = parse_overrides(args.cfg_options, '--cfg-options')
    for setting in grid:
        varied = parse_overrides(setting, '--vary')
        for key in varied.keys() & common.keys():
            raise ConfigError(f'{key} is both in --vary and in --cfg-options')
        if 'randomness.seed' in {**common, **varied}:
            raise ConfigError('randomness.seed is set by --trials: leave it out of --vary and --cfg-options')
        cfg = load_config(args.config, {**common, **varied, 'randomness.seed': 0}, FIELDS)
    by_epoch = cfg.get('default_hooks', {}).get('logger', {}).get('log_metric_by_epoch', True)
    return dict(config=args.config, cfg_options=common, metric=args.metric, step='epoch' if by_epoch else 'iteration')


def read_trial(job, code, metric):
    """What an ended trial has found: its curve, and its error if it failed.

    Raises:
        ConfigError: if it was refused its input, or had no such metric: so will be the others.
    """
    if code == 2:
        raise ConfigError(last_line(job).removeprefix('train.py: error: '))
    try:
        curve = read_curve(job.folder, metric)
    except FileNotFoundError as error:
        if code == 0:
            raise ConfigError(str(error)) from error
        curve = []
    return Trial(job.seed, curve, last_line(job) if code else None)


def run_jobs(args, jobs, file):
    """Runs them and adds what they have found to the file. Returns how many were killed."""
    begin, ended, killed = time.monotonic(), 0, 0
    with closing(run_processes(jobs, start, args.jobs)) as events:
        for job, code in events:
            place = f'[{job.number}/{len(jobs)}] {job.name}'
            if code is None:
                print(f'{place}: started', flush=True)
                continue
            ended += 1
            elapsed = time.monotonic() - begin
            timing = f'{ended} of {len(jobs)} ended, {show_time(elapsed)} so far'
            if ended < len(jobs):
                timing += f', about {show_time(elapsed / ended * (len(jobs) - ended))} to go'
            if code < 0:  # no result: by the system for its memory, say
                killed += 1
                print(f'{place}: killed by signal {-code}, not recorded; {timing}', flush=True)
                continue
            trial = read_trial(job, code, args.metric)
            file.add(job.overrides, trial)
            if trial.failed is None:
                step, value = best_point(trial.curve)
                found = f'best {args.metric} {value:.2f} at {file.content["step"]} {step}'
            else:
                found = f"failed: {trial.failed} (the end of '{job.folder / LOG}')"
            print(f'{place}: {found}; {timing}', flush=True)
    return killed


def show_time(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02} h' if hours else f'{minutes}:{seconds:02} min'


def main():
    args = parse_args()
    grid = make_grid(args.vary)
    origin = check(args, grid)
    if args.jobs > 1 and 'OMP_NUM_THREADS' not in os.environ:
        torch.set_num_threads(max(1, torch.get_num_threads() // args.jobs))
        os.environ['OMP_NUM_THREADS'] = str(torch.get_num_threads())  # of the trials
    try:
        file = TrialsFile(args.out, origin, environment(), [parse_overrides(setting, '--vary') for setting in grid])
    except ValueError as error:
        raise ConfigError(f'--out: {error}') from error
    root = args.work_dir or Path('work_dirs', 'trials', Path(args.config).stem)
    jobs = plan(TRAIN, args.config, args.cfg_options, grid, args.trials, root, file.seeds)
    total = len(grid) * args.trials
    print(f"{total} trials, {total - len(jobs)} of them in '{args.out}' already", flush=True)
    interrupt_when_told_to_end()
    try:
        killed = run_jobs(args, jobs, file)
    except KeyboardInterrupt:
        print(f"run_trials.py: interrupted; the same command goes on after what is in '{args.out}'", file=sys.stderr)
        sys.exit(130)
    if killed:
        sys.exit(f'run_trials.py: {killed} trials were killed and are not recorded; the same command runs them again')


if __name__ == '__main__':
    run_tool(main)
