"""Kill trainings at random moments, resume them, and compare them with uninterrupted ones bit for bit.

Each scenario (``scenarios.py``) is trained once without an interruption, and once as a chain: a run is killed at a
random moment, the next one resumes it and is killed in turn, and the last one finishes. A kill counts as survived if
the next run goes on with the images, augmentations and losses of the uninterrupted one in every iteration and rank, if
the logged losses are equal, and if the final weights and the states of the optimizer and the schedulers are. Before
some runs the newest checkpoint is truncated or one of its bits is flipped; the run must then resume the one before.

The report, a JSON file, is written after each run; finished scenarios are not repeated.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from random import Random

from records import differing_steps, final_state, logged_losses, same_bits, steps  # beside this file
from scenarios import CONFIGS, ITERATIONS, make_scenario
from trainings import KINDS, RANKS, finish, kill, start

from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.environment import environment

KILLS = dict(dropout=8, cifar10=6, plateau=6, digits=6)
DAMAGES = ('truncated', 'bit flipped')
LAST = 8  # iterations in which no kill begins, because the training could end before it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work-dir', type=Path, required=True, help='folder for the trainings')
    parser.add_argument('--out', type=Path, default=Path('docs/results/killed_runs.json'), help='JSON file to write')
    parser.add_argument('--scenario', nargs='+', choices=CONFIGS, default=[*CONFIGS], help='default: all')
    parser.add_argument('--seed', type=int, default=0, help='seed of the moments and victims (default: %(default)s)')
    parser.add_argument('--host-path', default='', help='folder with the original OpenMMLab packages, to test those')
    args = parser.parse_args()
    rows = json.loads(args.out.read_text(encoding='utf-8'))['results'] if args.out.exists() else []
    stack = 'original' if args.host_path else 'default'
    for name in args.scenario:
        if any((row['scenario'], row['stack']) == (name, stack) for row in rows):
            continue
        rows.append(inject(name, args.work_dir / f'{name}_{stack}', args.seed, args.host_path) | dict(stack=stack))
        with atomic_write(args.out) as file:
            json.dump(dict(environment=environment(), results=rows), file, indent=1)
            file.write('\n')
    sys.exit(not all(row['final_state_equal'] and row['logs_equal'] and not row['differing'] for row in rows))


def inject(name: str, work_dir: Path, seed: int, host_path: str) -> dict:
    """Return the report on one scenario."""
    reference = make_scenario(work_dir / 'uninterrupted', name)
    finish(reference, name, path=host_path)
    kinds = Random(f'{name} {seed}').sample([KINDS[number % len(KINDS)] for number in range(KILLS[name])], KILLS[name])
    chains: list[Chain] = []
    for number, kind in enumerate(kinds):
        if not chains or chains[-1].done >= ITERATIONS[name] - LAST:
            for chain in chains[-1:]:
                chain.finish()
            chains.append(Chain(name, make_scenario(work_dir / f'killed_{len(chains)}', name), reference, host_path))
        random = Random(f'{name} {seed} {number}')  # a kill doesn't depend on the moments of those before
        left = ITERATIONS[name] - LAST - chains[-1].done
        chains[-1].kill(kind, random.randint(1, max(1, 2 * left // KILLS[name])), random)
    chains[-1].finish()
    ends = [chain.folder for chain in chains]
    return dict(
        scenario=name,
        seed=seed,
        versions=json.loads((reference / 'versions.json').read_text(encoding='utf-8')),
        kills=[kill for chain in chains for kill in chain.kills],
        differing=[step for chain in chains for step in chain.differing],
        final_state_equal=all(same_bits(final_state(reference), final_state(end)) for end in ends),
        logs_equal=all(logged_losses(reference) == logged_losses(end) for end in ends),
    )


class Chain:
    """Runs of one training, each but the last killed and each but the first resumed.

    Attributes:
        done: number of iterations that the training has reached.
        kills: kind, iteration, damage and the iteration at which the next run resumed, for each kill.
        differing: iterations that are not those of the uninterrupted training.
    """

    def __init__(self, name: str, folder: Path, reference: Path, host_path: str) -> None:
        self.name, self.folder, self.host_path = name, folder, host_path
        self.expected = [steps(reference, rank) for rank in range(RANKS)]
        self.noted = [0] * RANKS
        self.done = 0
        self.kills: list[dict] = []
        self.differing: list[int] = []

    def kill(self, kind: str, further: int, random: Random) -> None:
        """Resume the training, kill it ``further`` iterations after the last kill, and damage every third time."""
        training = start(self.folder, self.name, path=self.host_path)
        self.done = kill(training, self.folder, kind, self.done + further, random)
        self._compare()
        number = len(self.kills)
        damage = DAMAGES[number // 3 % 2] if number % 3 == 2 and damage_newest(self.folder, number, random) else None
        self.kills.append(dict(kind=kind, iteration=self.done, damaged=damage))
        print(self.name, self.kills[-1], f'differing: {self.differing}', flush=True)

    def finish(self) -> None:
        """Resume the training until its end."""
        finish(self.folder, self.name, path=self.host_path)
        self._compare()

    def _compare(self) -> None:
        """Compare the iterations of the newest run with those of the uninterrupted training."""
        for rank, expected in enumerate(self.expected):
            found = steps(self.folder, rank, self.noted[rank])
            self.differing += differing_steps(expected, found)
            if rank == 0 and self.kills:
                self.kills[-1]['resumed_at'] = found[0][0] if found else self.done
            self.noted[rank] += len(found)


def damage_newest(folder: Path, number: int, random: Random) -> bool:
    """Truncate the newest checkpoint, or flip one of its bits; False if there is no other one to resume."""
    checkpoints = [*(folder / 'run').glob('*.pth')]
    if len(checkpoints) < 2:
        return False
    newest = folder / 'run' / Path((folder / 'run/last_checkpoint').read_text(encoding='utf-8')).name
    content = bytearray(newest.read_bytes())
    if DAMAGES[number // 3 % 2] == 'truncated':
        del content[random.randrange(len(content)) :]
    else:
        content[random.randrange(len(content) // 4, len(content) // 2)] ^= 1 << random.randrange(8)
    newest.write_bytes(content)
    return True


if __name__ == '__main__':
    main()
