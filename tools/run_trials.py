"""Train several seeds of a config, or of each setting of a grid, and write their learning curves into one JSON file.

    python tools/run_trials.py configs/…/NAME.py --trials 5 --out NAME.json \\
        --vary optim_wrapper.optimizer.lr=0.03,0.1 --vary model.head.loss.targets=[0,6],[0,16]

Each trial is a run of tools/train.py with randomness.seed 0, 1, …, or --first-seed and up; its checkpoints are not
kept. The file is written after each trial. The same command continues an interrupted one: it keeps the trials in the
file and runs the missing ones from their beginning. A larger --trials, or more values of --vary, add trials to the
file. The config itself must not have changed. The metric is in percent; larger is better. A trial that fails, for
example because it diverges, is recorded with its error; so is one without a validation with a finite metric. If
OMP_NUM_THREADS is unset, the processes of all trials share the threads. A second run_trials.py that would write the
same file or the same folders is refused. The trials end when run_trials.py ends.
"""

import argparse
import os
import shlex
import sys
from contextlib import ExitStack, closing
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

import torch  # noqa: E402

from mmgb.apis.config import TRAIN_FIELDS, load_config  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.trials.file import TrialsFile  # noqa: E402
from mmgb.trials.outcome import read_outcome  # noqa: E402
from mmgb.trials.processes import interrupt_on_termination, run_processes  # noqa: E402
from mmgb.trials.schedule import LOG, folder_lock, plan, start  # noqa: E402
from mmgb.trials.trial import Trial, best_point, drop_non_finite  # noqa: E402
from mmgb.utils.cli.grid import make_grid  # noqa: E402
from mmgb.utils.cli.overrides import parse_overrides  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402
from mmgb.utils.environment import environment  # noqa: E402
from mmgb.utils.errors import Stopped  # noqa: E402
from mmgb.utils.process_lock import ProcessLock  # noqa: E402
from mmgb.utils.progress import Progress  # noqa: E402
from mmgb.utils.work_dir import read_curve  # noqa: E402

TRAIN = Path(__file__).with_name('train.py')
STOPPED = 'train.py: stopped: '
FIELDS = (*TRAIN_FIELDS, 'val_cfg', 'val_dataloader')


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file of mmsegmentation or mmpretrain')
    parser.add_argument('--trials', type=int, required=True, metavar='N', help='number of seeds of each setting')
    parser.add_argument(
        '--first-seed',
        type=int,
        default=0,
        metavar='S',
        help='the seeds are S to S+N-1, such as seeds that no setting was chosen with (default: %(default)s)',
    )
    parser.add_argument('--jobs', type=int, default=1, metavar='J', help='trials at a time (default: %(default)s)')
    parser.add_argument(
        '--nproc-per-trial',
        type=int,
        default=1,
        metavar='P',
        help='processes that train together in each trial, as tools/dist_train.sh starts them: one per GPU, or on gloo '
        'without one (default: %(default)s)',
    )
    parser.add_argument(
        '--vary',
        action='append',
        default=[],
        metavar='KEY=V1,V2,…',
        help='values of one config entry; several --vary options make a grid. Commas inside brackets do not separate '
        'values',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action='extend',
        default=[],
        metavar='KEY=VALUE',
        help='overrides of config entries for all trials',
    )
    parser.add_argument(
        '--metric', default='accuracy/top1', help="name of the evaluator's metric, in percent (default: %(default)s)"
    )
    parser.add_argument(
        '--work-dir', type=Path, help="folder for the trials' logs (default: ./work_dirs/trials/CONFIG_NAME)"
    )
    parser.add_argument('--out', type=Path, required=True, metavar='FILE.json', help='file for the learning curves')
    return parser.parse_args()


def check(args, grid):
    """Validate the arguments and return the entries of the file that are common to all trials.

    Raises:
        ConfigError: if an argument is invalid, or the config cannot be read with it.
    """
    for name in ('trials', 'jobs', 'nproc_per_trial'):
        if getattr(args, name) < 1:
            raise ConfigError(f'--{name.replace("_", "-")}={getattr(args, name)}: expected a positive integer')
    if args.first_seed < 0:
        raise ConfigError(f'--first-seed={args.first_seed}: expected an integer of at least 0')
    gpus = torch.cuda.device_count()
    if 0 < gpus < args.nproc_per_trial:
        raise ConfigError(f'--nproc-per-trial={args.nproc_per_trial}: expected at most the number of GPUs, {gpus}')
    if args.out.suffix != '.json':
        raise ConfigError(f"--out='{args.out}': expected a name that ends with .json")
    common = parse_overrides(args.cfg_options, '--cfg-options')
    for setting in grid:
        varied = parse_overrides(setting, '--vary')
        for key in varied.keys() & common.keys():
            raise ConfigError(f'{key}: expected in --vary or in --cfg-options, got both')
        if 'randomness.seed' in {**common, **varied}:
            raise ConfigError('randomness.seed is set by --trials: remove it from --vary and --cfg-options')
        cfg = load_config(args.config, {**common, **varied, 'randomness.seed': 0}, FIELDS)
    by_epoch = cfg.get('default_hooks', {}).get('logger', {}).get('log_metric_by_epoch', True)
    if by_epoch and cfg.train_cfg.get('max_iters') is not None:
        raise ConfigError(
            'default_hooks.logger.log_metric_by_epoch=True: expected False for a training of max_iters iterations, all '
            'validations of which mmengine would log at step 0; add --cfg-options '
            'default_hooks.logger.type=LoggerHook default_hooks.logger.log_metric_by_epoch=False'
        )
    return dict(config=args.config, cfg_options=common, metric=args.metric, step='epoch' if by_epoch else 'iteration')


def read_trial(job, code, message, metric):
    """Return the result of an ended trial.

    Args:
        job (Job): the trial.
        code (int): its exit code.
        message (str): the last line of its log.
        metric (str): name of the metric.

    Raises:
        ConfigError: if the config is invalid or has no such metric, because then all trials would fail.
        Stopped: if the trial was stopped by a full disk.
    """
    if message.startswith(STOPPED):
        reason = message.removeprefix(STOPPED).partition('; ')[0]
        raise Stopped(f'{job.name}: {reason}; make room, then run the same command to continue')
    if code == 2:
        raise ConfigError(message.removeprefix('train.py: error: '))
    try:
        curve = read_curve(job.folder, metric)
    except FileNotFoundError as error:
        if code == 0:
            raise ConfigError(str(error)) from error
        curve = []
    return drop_non_finite(Trial(job.seed, curve, message if code else None))


def run_jobs(args, jobs, file):
    """Run the trials and add their results to the file. Return the number of trials that were killed."""
    progress, killed = Progress(len(jobs), 'trials', interval=None), 0
    with closing(run_processes(jobs, start, args.jobs)) as events:
        for job, code in events:
            place = f'[{job.number}/{len(jobs)}] {job.name}'
            if code is None:
                print(f"{place}: started, its log with the time left: '{job.folder / LOG}'", flush=True)
                continue
            progress.update()
            code, message = read_outcome(job.folder, code)
            if code < 0:  # killed by the system for its memory use, for example: not a result
                killed += 1
                print(f'{place}: killed by signal {-code}, not recorded; {progress}', flush=True)
                continue
            trial = read_trial(job, code, message, args.metric)
            file.add(job.overrides, trial)
            if trial.failed is None:
                step, value = best_point(trial.curve)
                result = f'best {args.metric} {value:.2f} at {file.content["step"]} {step}'
            else:
                result = f"failed: {trial.failed} (log: '{job.folder / LOG}')"
            print(f'{place}: {result}; {progress}', flush=True)
    return killed


def lock_and_report(locks, lock):
    """Hold ``lock`` until ``locks`` is closed, and print a line if it is taken over from a killed process."""
    locks.enter_context(lock)
    if lock.stale_owner:
        print(f"'{lock.path}' is taken over from {lock.stale_owner}, which was killed", flush=True)


def share_threads(processes):
    """Set the number of threads of each of several processes on this machine, unless the user has set it."""
    if processes > 1 and 'OMP_NUM_THREADS' not in os.environ:
        torch.set_num_threads(max(1, torch.get_num_threads() // processes))
        os.environ['OMP_NUM_THREADS'] = str(torch.get_num_threads())  # inherited by the trials


def main():
    args = parse_args()
    grid = make_grid(args.vary)
    origin = check(args, grid)
    share_threads(args.jobs * args.nproc_per_trial)
    here = environment()
    if args.nproc_per_trial > 1:
        here['processes'] = args.nproc_per_trial
    root = args.work_dir or Path('work_dirs', 'trials', Path(args.config).stem)
    with ExitStack() as locks:
        out = args.out.with_name(f'{args.out.name}.lock')
        lock_and_report(locks, ProcessLock(out, f"--out='{args.out}'", 'wait for its end or choose another file'))
        try:
            file = TrialsFile(args.out, origin, here, [parse_overrides(setting, '--vary') for setting in grid])
        except ConfigError as error:
            raise ConfigError(f'--out: {error}') from error
        seeds = range(args.first_seed, args.first_seed + args.trials)
        jobs = plan(TRAIN, args.config, args.cfg_options, grid, seeds, root, file.seeds, args.nproc_per_trial)
        for folder in dict.fromkeys(job.folder.parent for job in jobs):
            lock_and_report(locks, folder_lock(folder))
        total = len(grid) * args.trials
        print(f"{total} trials, {total - len(jobs)} of them already in '{args.out}'", flush=True)
        interrupt_on_termination()
        try:
            killed = run_jobs(args, jobs, file)
        except KeyboardInterrupt:
            print(
                f"run_trials.py: interrupted; the same command continues with the trials in '{args.out}'",
                file=sys.stderr,
            )
            sys.exit(130)
    if killed:
        sys.exit(f'run_trials.py: {killed} trials were killed and are not recorded; the same command runs them again')
    compare = shlex.join(
        ['python', str(TRAIN.with_name('analysis_tools') / 'compare_trials.py'), f'{args.out.stem}={args.out}']
    )
    print(f"The learning curves are in '{args.out}', the logs in '{root}'; median and curves: {compare}")


if __name__ == '__main__':
    run_tool(main)
