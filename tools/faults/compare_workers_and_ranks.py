"""Train one scenario with 0 to 4 workers, twice, without validation and on one rank, and compare the steps bit by bit.

The report, a JSON file, says how many iterations have the same samples (image and augmentation) and the same loss as
the run without workers, and how far the losses and the final weights of two ranks are from those of one process with
the same samples per iteration. Two ranks average the gradients of two halves of the batch, so the sums of
floating-point numbers have another order. Batch norm normalizes each half by its own statistics, so the ranks are also
compared in a network without it.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import sys
from pathlib import Path

import torch
from records import differing_steps, final_state, same_bits, steps  # beside this file
from scenarios import make_scenario
from trainings import RANKS, TOOLS, finish

from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.environment import environment

SCENARIO, BATCH = 'cifar10', 8  # samples of a rank
WITHOUT_NORM = 'model.backbone.norm_cfg=None'
VARIATIONS = {
    'workers=0': (0, True),
    'workers=0, again': (0, True),
    'workers=1': (1, True),
    'workers=2': (2, True),
    'workers=4': (4, True),
    'workers=0, --no-validate': (0, False),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work-dir', type=Path, required=True, help='folder for the trainings')
    parser.add_argument('--out', type=Path, default=Path('docs/results/workers_and_ranks.json'), help='JSON to write')
    args = parser.parse_args()
    work_dir, out = args.work_dir.resolve(), args.out.resolve()
    rows, reference = [], work_dir / '0'
    for number, (name, (workers, validate)) in enumerate(VARIATIONS.items()):
        folder = make_scenario(work_dir / str(number), SCENARIO)
        train_here(folder, workers, validate=validate)
        rows.append(dict(run=name, **compare(reference, folder)))
        print(rows[-1], flush=True)
    two_ranks = []
    for network, settings in (('batch norm', ()), ('no normalization', (WITHOUT_NORM,))):
        one, two = (
            make_scenario(work_dir / f'one, {network}', SCENARIO),
            make_scenario(work_dir / f'two, {network}', SCENARIO),
        )
        train_here(one, 0, *settings)
        finish(two, SCENARIO, *(('--cfg-options', *settings) if settings else ()))
        two_ranks.append(dict(network=network, **compare_ranks(one, two)))
        print(two_ranks[-1], flush=True)
    report = dict(environment=environment(), results=rows, two_ranks=two_ranks)
    with atomic_write(out) as file:
        json.dump(report, file, indent=1)
        file.write('\n')


def train_here(folder: Path, workers: int, *settings: str, validate: bool = True) -> None:
    """Run ``train.py`` in this process, whose imports take longer than the training.

    Args:
        folder: working directory.
        workers: number of workers that load images.
        *settings: further values of ``--cfg-options``.
        validate: False for ``--no-validate``.
    """
    options = [] if validate else ['--no-validate']
    loader = [f'train_dataloader.num_workers={workers}', f'train_dataloader.batch_size={BATCH * RANKS}']
    sys.argv = ['train.py', f'{SCENARIO}.py', '--work-dir', 'run', *options, '--cfg-options', *loader, *settings]
    os.chdir(folder)
    runpy.run_path(str(TOOLS / 'train.py'), run_name='__main__')


def compare(reference: Path, folder: Path) -> dict:
    """Return how many steps of a run there are, how many differ, and whether the final states are equal."""
    found = steps(folder, 0)
    differing = differing_steps(steps(reference, 0), found)
    equal = same_bits(final_state(reference), final_state(folder))
    return dict(iterations=len(found), differing=len(differing), final_state_equal=equal)


def compare_ranks(one: Path, two: Path) -> dict:
    """Return how far a run on two ranks is from one on a single process that trains on the same samples."""
    whole, *halves = steps(one, 0), steps(two, 0), steps(two, 1)
    same_samples = [sorted(step[3]) == sorted(a[3] + b[3]) for step, a, b in zip(whole, *halves)]
    losses = [float.fromhex(step[2]) for step in whole]
    means = [(float.fromhex(a[2]) + float.fromhex(b[2])) / RANKS for a, b in zip(*halves)]
    apart = [abs(mean / loss - 1) for loss, mean in zip(losses, means)]
    weights = [
        torch.cat([part.double().flatten() for part in final_state(run)['state_dict'].values()]) for run in (one, two)
    ]
    return dict(
        iterations=len(whole),
        same_samples=sum(same_samples),
        first_loss_apart=apart[0],
        largest_loss_apart=max(apart),
        weights_apart=((weights[1] - weights[0]).norm() / weights[0].norm()).item(),
    )


if __name__ == '__main__':
    main()
