"""Compare what two trainings have done: weights, losses and images."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import torch

from mmgb.compat import allow_checkpoint_globals


def steps(folder: Path, rank: int, start: int = 0, end: int | None = None) -> list[list]:
    """Return the notes of a rank, one per iteration that it finished, also if it did so twice; see ``noting.py``."""
    content = (folder / f'notes_{rank}.jsonl').read_text(encoding='utf-8').splitlines()
    return [json.loads(line) for line in content[start:end]]


def differing_steps(reference: Iterable[list], found: Iterable[list]) -> list[int]:
    """Return the iterations of ``found`` whose number, loss or samples are not bit for bit those of ``reference``."""
    expected = {step[0]: step for step in reference}
    return [step[0] for step in found if expected.get(step[0]) != step]


def logged_losses(folder: Path) -> dict[int, set[float]]:
    """Return the losses in the logs of a work directory: iteration to the values that its runs logged."""
    found: dict[int, set[float]] = {}
    for log in sorted((folder / 'run').glob('*/vis_data/scalars.json')):
        for line in log.read_text(encoding='utf-8').splitlines():
            entry = json.loads(line)
            if 'loss' in entry:
                found.setdefault(entry['step'], set()).add(entry['loss'])
    return found


def final_state(folder: Path) -> dict:
    """Return the weights and the states of optimizer and schedulers of the newest checkpoint of a work directory."""
    allow_checkpoint_globals()
    path = folder / 'run' / Path((folder / 'run/last_checkpoint').read_text(encoding='utf-8')).name
    checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    return {key: checkpoint.get(key) for key in ('state_dict', 'optimizer', 'param_schedulers')}


def same_bits(one: object, other: object) -> bool:
    """Return True if two nested dicts and lists of tensors and numbers are equal bit for bit."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.numpy().tobytes() == other.numpy().tobytes()
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same_bits(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same_bits, one, other))
    return one == other
