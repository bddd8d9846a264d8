"""Run a tool of mmgb from anywhere: ``python -m mmgb TOOL …``, or ``mmgb-train``, ``mmgb-test``, … of an installation.

Each name runs the file in ``tools/`` as ``python tools/FILE …`` does, with the same options, messages and exit codes.
"""

from __future__ import annotations

import runpy
import sys

from mmgb.utils.shipped_files import shipped_files

TOOLS = {
    'train': ('train.py', 'train a config'),
    'test': ('test.py', 'test a checkpoint'),
    'trials': ('run_trials.py', 'train several seeds, or a grid of settings'),
    'compare-trials': ('analysis_tools/compare_trials.py', 'compare files of trials'),
    'find-lr': ('find_lr.py', 'suggest a learning rate by a sweep'),
    'check-recipe': ('check_recipe.py', 'train the first steps of a config and report whether the loss falls'),
}
MODULES = {'suggest': ('mmgb.suggest', 'print what to change in a config to train it with a boosted loss or a relay')}


def run(name: str, arguments: list[str]) -> None:
    """Run a tool in this process, as ``__main__``.

    Args:
        name (str): key of :data:`TOOLS` or :data:`MODULES`.
        arguments (list[str]): the tool's command line.

    Raises:
        SystemExit: with the tool's exit code.
    """
    sys.argv[1:] = arguments
    if name in MODULES:
        runpy.run_module(MODULES[name][0], run_name='__main__', alter_sys=True)
    else:
        # A dataloader's worker that is spawned imports the main module's file again: run_path sets it to the tool's.
        runpy.run_path(str(shipped_files() / 'tools' / TOOLS[name][0]), run_name='__main__')


def usage() -> str:
    """Return the help text of ``python -m mmgb``."""
    rows = [f'  {name:15} {purpose}' for name, (_, purpose) in sorted((TOOLS | MODULES).items())]
    return '\n'.join(['usage: python -m mmgb TOOL [ARGUMENTS]', '', *rows, '', 'python -m mmgb TOOL -h: its options'])


def main() -> None:
    """Run the tool that the first argument names."""
    name, *arguments = sys.argv[1:] or ['-h']
    if name in ('-h', '--help'):
        print(usage())
    elif name in TOOLS or name in MODULES:
        run(name, arguments)
    else:
        sys.exit(f"mmgb: error: TOOL='{name}': expected one of {', '.join(sorted(TOOLS | MODULES))}")


def train() -> None:
    """Run ``mmgb-train``."""
    run('train', sys.argv[1:])


def test() -> None:
    """Run ``mmgb-test``."""
    run('test', sys.argv[1:])


def trials() -> None:
    """Run ``mmgb-trials``."""
    run('trials', sys.argv[1:])


def suggest() -> None:
    """Run ``mmgb-suggest``."""
    run('suggest', sys.argv[1:])


if __name__ == '__main__':
    main()
