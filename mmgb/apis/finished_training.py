"""Say where the results of a finished training are, and the command to look at them."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from .latest_checkpoint import named_checkpoint


def describe_results(config: str, work_dir: str) -> str:
    """Return where a training's log and checkpoints are, and the command that tests the last checkpoint.

    Args:
        config (str): config file as the user named it.
        work_dir (str): work directory of the training.
    """
    text = f"Log, curves and checkpoints are in '{work_dir}'"
    checkpoint = named_checkpoint(work_dir)
    if not checkpoint:
        return text
    command = shlex.join([*command_to_test(), config, checkpoint, '--show-dir', str(Path(work_dir, 'pictures'))])
    return f'{text}; test the last one, with pictures: {command}'


def command_to_test() -> list[str]:
    """Return the command of the test tool that belongs to the running train tool."""
    started = Path(sys.argv[0])
    return ['python', str(started.with_name('test.py'))] if started.name == 'train.py' else ['mmgb-test']
