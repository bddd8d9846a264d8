"""Run the experiments of the papers' claims, and generate the tables of their results.

    python tools/experiments.py run                             # every experiment
    python tools/experiments.py run mnist_outputs --dry-run     # print the commands of one experiment
    python tools/experiments.py run gradient_boosting/cifar10   # the experiments of a family of configs
    python tools/experiments.py report [--check]                # write the tables, or exit with 1 if one is stale

configs/FAMILY/experiments.yml defines the experiments, tables and claims. `run` skips trials that docs/results already
holds and ends with `report`. The data sets go into data/; the READMEs of the configs name them.
"""

import argparse
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from mmgb.functional.errors import ConfigError
from mmgb.trials.commands import RESULTS, experiment_commands, select
from mmgb.trials.manifest import read_manifest
from mmgb.trials.report import update_tables
from mmgb.utils.cli.run_tool import run_tool

ROOT = Path(__file__).resolve().parents[1]


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    run = commands.add_parser('run', help='run experiments', description='Run experiments.')
    run.add_argument('names', nargs='*', metavar='NAME', help='experiments or families of configs (default: all)')
    run.add_argument(
        '--gpu',
        action='store_true',
        help='train PixelNet and the networks on CIFAR-10 at their full width, and with more seeds',
    )
    run.add_argument('--jobs', type=int, default=1, metavar='N', help='trials at a time (default: %(default)s)')
    run.add_argument('--dry-run', action='store_true', help='print the commands and run nothing')
    report = commands.add_parser('report', help='generate tables', description='Generate the tables of results.')
    report.add_argument('--check', action='store_true', help='change nothing; exit with 1 if a table is stale')
    return parser.parse_args()


def run_experiments(args):
    """Run the commands of the selected experiments one after the other, and update the tables."""
    if args.jobs < 1:
        raise ConfigError(f'--jobs={args.jobs}: expected a positive integer')
    manifest = read_manifest(ROOT / 'configs', args.gpu)
    for name in select(manifest, args.names):
        print(f'# {name}: {manifest.experiments[name].about}', flush=True)
        for command in experiment_commands(manifest, name, args.jobs):
            if args.dry_run:
                print(shlex.join(['python', *command.arguments]))
            else:
                execute(command)
    if not args.dry_run:
        report(check=False)


def execute(command):
    """Run one command in the repository's root unless it is not needed, and keep its files."""
    if command.unless and (ROOT / command.unless).exists():
        return
    missing = [folder for folder in command.requires if not (ROOT / folder).is_dir()]
    if missing:
        print(f"Skipped {command.arguments[0]}: no logs in '{missing[0]}'. Delete the trials' files to run them here.")
        return
    code = call([sys.executable, *command.arguments])
    if code:
        sys.exit(code)
    for pattern in command.keep:
        for path in (ROOT / 'work_dirs' / command.folder).glob(pattern):
            target = ROOT / RESULTS / command.folder
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def call(arguments):
    """Run a command in the repository's root, let it end on Ctrl-C and SIGTERM, and return its exit code."""
    process = terminated = None

    def terminate(number, frame):
        nonlocal terminated
        terminated = True
        if process is not None:
            process.terminate()

    signal.signal(signal.SIGTERM, terminate)  # before the command, which could end it at once
    process = subprocess.Popen(arguments, cwd=ROOT)
    if terminated:
        process.terminate()
    try:
        code = process.wait()
    except KeyboardInterrupt:  # the terminal has sent it to the command, too
        code = process.wait()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return code if code >= 0 else 128 - code  # as a shell reports a signal


def report(check):
    """Update the generated tables, and exit with 1 if ``check`` finds a stale one."""
    stale = update_tables(read_manifest(ROOT / 'configs'), ROOT, check)
    if stale:
        print(f'{"Stale" if check else "Updated"}: {", ".join(stale)}')
    sys.exit(1 if check and stale else 0)


def main():
    args = parse_args()
    run_experiments(args) if args.command == 'run' else report(args.check)


if __name__ == '__main__':
    run_tool(main)
