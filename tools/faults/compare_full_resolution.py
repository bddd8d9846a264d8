"""Train a small FCN on images of VOC 2012 with and without FullResolutionLoss, kill and resume it, and compare.

The trainings have the same seed and run ``train.py``. One with the wrapper is killed (SIGKILL) in the middle of an
epoch and resumed, and must equal the uninterrupted one bit for bit. The trainings with and without the wrapper differ
by rounding errors, which grow in every training. They are repeated in double precision, where the same growth begins
at smaller errors. mmseg's own ``test.py`` tests the last checkpoints with the config without the wrapper.

One more training, with exp-GB, ends with the network that ``tools/benchmarks/quadrature_error.py`` needs.

The report is a JSON file. Finished trainings in --work-dir are not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from records import final_state, logged_losses, same_bits  # beside this file
from trainings import LONGEST_RUN, TOOLS, wait_until
from voc_trainings import CONFIGS, IMAGES, KILLED_AT, SIZE, TESTED, write_configs

from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.environment import environment
from mmgb.utils.work_dir import read_curve, read_records, read_test


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('voc', type=Path, help='folder VOC2012 of the data set')
    parser.add_argument('--work-dir', type=Path, required=True, help='folder for the trainings')
    parser.add_argument('--out', type=Path, default=Path('docs/results/full_resolution_voc.json'), help='JSON to write')
    args = parser.parse_args()
    work_dir = args.work_dir.resolve()
    write_configs(work_dir, args.voc.resolve())
    results = [finished(work_dir, name) for name in CONFIGS]
    killed = compare(work_dir / 'wrapped', work_dir / 'wrapped_killed')
    report = dict(images=IMAGES, size=SIZE, killed=killed, results=results)
    with atomic_write(args.out) as file:
        json.dump(dict(environment=environment(), **report), file, indent=1)
        file.write('\n')


def finished(work_dir: Path, name: str) -> dict:
    """Return the losses of a training and the metrics of its test, of an earlier call if there was one."""
    path = work_dir / name / 'result.json'
    if not path.exists():
        train(work_dir, name)
        result = dict(training=name, losses=losses(work_dir / name))
        if name in TESTED:
            result |= test(work_dir, name)
        with atomic_write(path) as file:
            json.dump(result, file)
    return json.loads(path.read_text(encoding='utf-8'))


def train(work_dir: Path, name: str) -> None:
    """Train in the folder ``name``, or go on; kill and resume the training if it is one of those."""
    if name in KILLED_AT and not (work_dir / name).exists():
        process = start(work_dir, name)
        wait_until(lambda: len(losses(work_dir / name)) >= KILLED_AT[name] or process.poll() is not None)
        process.kill()
        process.wait()
    finish(start(work_dir, name), work_dir / name)


def start(work_dir: Path, name: str) -> subprocess.Popen:
    """Start or resume a training, with its output in ``name/output``."""
    return run(work_dir, name, TOOLS / 'train.py', f'{name}.py', '--work-dir', f'{name}/run', '--resume')


def test(work_dir: Path, name: str) -> dict:
    """Return the metrics, in percent, of the last checkpoint by mmseg's ``test.py``, and those that training logged."""
    tool = Path(find_spec('mmseg').origin).parent / '.mim/tools/test.py'
    checkpoint = (work_dir / name / 'run/last_checkpoint').read_text(encoding='utf-8')
    finish(run(work_dir, name, tool, 'plain.py', checkpoint, '--work-dir', f'{name}/test'), work_dir / name)
    metrics = read_test(work_dir / name / 'test').metrics
    return dict(metrics=metrics, validation={key: read_curve(work_dir / name / 'run', key)[-1][1] for key in metrics})


def run(work_dir: Path, name: str, *command: object) -> subprocess.Popen:
    """Start a tool on one thread, with its output in ``name/output``."""
    (work_dir / name).mkdir(exist_ok=True)
    search = os.pathsep.join([str(TOOLS.parent), str(TOOLS / 'faults')])
    with open(work_dir / name / 'output', 'wb') as output:
        return subprocess.Popen(
            [sys.executable, '-W', 'ignore', *map(str, command)],
            cwd=work_dir,
            env=os.environ | dict(OMP_NUM_THREADS='1', PYTHONPATH=search),
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def finish(process: subprocess.Popen, folder: Path) -> None:
    """Wait until a tool has finished; raise RuntimeError with the end of its output if it fails."""
    if process.wait(timeout=LONGEST_RUN):
        raise RuntimeError((folder / 'output').read_text(encoding='utf-8', errors='replace')[-3000:])


def losses(folder: Path) -> list[float]:
    """Return the loss of each iteration of a training, the last one where a resumed training repeats it."""
    found = {entry['step']: entry['loss'] for entry in read_records(folder / 'run', 'scalars.json') if 'loss' in entry}
    return [found[step] for step in sorted(found)]


def compare(whole: Path, resumed: Path) -> dict:
    """Return where a training was killed and resumed, and whether it equals the uninterrupted one bit for bit."""
    parts = sorted((resumed / 'run').glob('*/vis_data/scalars.json'))
    before, after = (
        [json.loads(line)['step'] for line in part.read_text(encoding='utf-8').splitlines()] for part in parts
    )
    return dict(
        killed_after=before[-1],
        resumed_after=after[0] - 1,
        final_state_equal=same_bits(final_state(whole), final_state(resumed)),
        losses_equal=logged_losses(whole) == logged_losses(resumed),
    )


if __name__ == '__main__':
    main()
