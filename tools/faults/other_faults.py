"""Stop a rank, fill the disk, mix up checkpoints and damage an image, and report what the training says.

Each fault is injected into a real training of two ranks, or for images into a data loader with two workers. The report,
a JSON file, holds for each fault the sentence that names it and the seconds until then. Trainings that can go on are
resumed and compared with an uninterrupted one bit for bit.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger
from mmseg.datasets import BaseSegDataset
from PIL import Image
from records import differing_steps, final_state, same_bits, steps  # beside this file
from scenarios import make_scenario
from torch.utils.data import DataLoader
from trainings import LONGEST_RUN, RANKS, children, finish, iterations_done, lines, runs, start, wait_until

from mmgb.datasets.fault_tolerant_dataset import FaultTolerantDataset
from mmgb.datasets.places2 import Places2
from mmgb.utils.atomic_write import atomic_write
from mmgb.utils.environment import environment

SCENARIO = 'dropout'
TIMEOUT = 15  # seconds that a rank waits for another one
FAULT_AT = 22  # iterations
LIMIT_KIB = 20  # less than a checkpoint has, and more than the log until then
IMAGES = 8
PIPELINE = [dict(type='mmcv.LoadImageFromFile'), dict(type='mmseg.LoadAnnotations')]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work-dir', type=Path, required=True, help='folder for the trainings')
    parser.add_argument('--out', type=Path, default=Path('docs/results/other_faults.json'), help='JSON file to write')
    args = parser.parse_args()
    work_dir, out = args.work_dir.resolve(), args.out.resolve()
    reference = make_scenario(work_dir / 'uninterrupted', SCENARIO)
    finish(reference, SCENARIO)
    rows = []
    for inject in (hang, fill_disk, mix_up, damage_image, damage_label_map):
        rows.append(inject(reference, work_dir / inject.__name__))
        print(rows[-1], flush=True)
        with atomic_write(out) as file:
            json.dump(dict(environment=environment(), results=rows), file, indent=1)
            file.write('\n')


def hang(reference: Path, folder: Path) -> dict:
    """Stop the second rank with SIGSTOP, wait until the training ends, and resume it."""
    training = start(make_scenario(folder, SCENARIO), SCENARIO, '--cfg-options', f'env_cfg.dist_cfg.timeout={TIMEOUT}')
    notes = folder / 'notes_0.jsonl'
    wait_until(lambda: lines(notes) > 0 and iterations_done(notes) >= FAULT_AT)
    ranks = children(training.pid)
    os.kill(ranks[1], signal.SIGSTOP)
    stopped = time.monotonic()
    wait_until(lambda: sentence(folder) is not None or training.poll() is not None)
    reported = time.monotonic() - stopped
    training.wait(timeout=LONGEST_RUN)
    wait_until(lambda: not any(map(runs, ranks)))
    ended = time.monotonic() - stopped
    found = dict(fault='a rank hangs (SIGSTOP)', sentence=sentence(folder), reported_after_s=reported)
    return found | dict(ended_after_s=ended, timeout_s=TIMEOUT, resumed_equal=resumes_equally(reference, folder))


def fill_disk(reference: Path, folder: Path) -> dict:
    """Limit the size of files to less than a checkpoint needs, and resume without the limit."""
    training = start(make_scenario(folder, SCENARIO), SCENARIO, shell=f'ulimit -f {LIMIT_KIB}')
    training.wait(timeout=LONGEST_RUN)
    found = dict(fault='the disk is full while a checkpoint is written', sentence=sentence(folder))
    return found | dict(resumed_equal=resumes_equally(reference, folder))


def mix_up(reference: Path, folder: Path) -> dict:
    """Replace the newest checkpoint by one of another model, and resume."""
    make_scenario(folder, SCENARIO)
    shutil.copytree(reference / 'run', folder / 'run')
    config = folder / f'{SCENARIO}.py'
    config.write_text(config.read_text(encoding='utf-8') + '\nmodel.update(width=32)\n', encoding='utf-8')
    training = start(folder, SCENARIO)
    code = training.wait(timeout=LONGEST_RUN)
    return dict(fault='the checkpoint is one of another model', sentence=sentence(folder), exit_code=code)


def damage_image(reference: Path, folder: Path) -> dict:
    """Load a list of images, one of them truncated, with each policy."""
    make_images(folder)
    (folder / 'list').write_text(''.join(f'{number}.jpg 0\n' for number in range(IMAGES)), encoding='utf-8')
    options = dict(ann_file='list', data_prefix='images', num_classes=1, pipeline=PIPELINE[:1])
    return load('an image is damaged', folder, 'images/5.jpg', lambda policy: Places2(on_error=policy, **options))


def damage_label_map(reference: Path, folder: Path) -> dict:
    """Load a stock data set of mmseg in ``FaultTolerantDataset``, one of its label maps truncated, with each policy."""
    make_images(folder)
    prefix = dict(img_path='images', seg_map_path='labels')
    stock = BaseSegDataset(data_prefix=prefix, metainfo=dict(classes=('all',)), pipeline=PIPELINE)
    fault = 'a label map of a stock data set is damaged'
    return load(fault, folder, 'labels/5.png', lambda policy: FaultTolerantDataset(stock, on_error=policy))


def make_images(folder: Path) -> None:
    """Write images and label maps into an emptied folder, and make it the working directory."""
    shutil.rmtree(folder, ignore_errors=True)
    for part in ('images', 'labels'):
        (folder / part).mkdir(parents=True)
    for number in range(IMAGES):
        Image.effect_noise((64, 64), 50).convert('RGB').save(folder / f'images/{number}.jpg')
        Image.new('L', (64, 64)).save(folder / f'labels/{number}.png')
    os.chdir(folder)


def load(fault: str, folder: Path, name: str, make: Callable[[str], Any]) -> dict:
    """Truncate a file of sample 5, and load the data set ``make(policy)`` with each policy."""
    damaged, (raising, data) = folder / name, map(make, ('raise', 'skip'))
    damaged.write_bytes(damaged.read_bytes()[:60])
    try:
        list(DataLoader(raising, num_workers=2, collate_fn=list))
        raised = None
    except OSError as error:
        raised = str(error)
    logged = []
    logger = MMLogger.get_instance('faults', logger_name='faults')
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(record.getMessage())
    logger.addHandler(handler)
    loaded = [Path(data[number]['img_path']).name for number in range(IMAGES)]
    logger.removeHandler(handler)
    return dict(fault=fault, sentence=raised, skipped=data.num_skipped, loaded_instead=loaded[5], logged=logged)


def sentence(folder: Path) -> str | None:
    """Return the sentence with which ``train.py`` ended, None if there is none yet."""
    output = (folder / 'output').read_text(encoding='utf-8', errors='replace')
    found = re.search(r'^train.py: (?:stopped|error): .*$', output, re.M)
    return found and found[0]


def resumes_equally(reference: Path, folder: Path) -> bool:
    """Resume a training, and return True if all its steps and its final state are those of the uninterrupted one."""
    finish(folder, SCENARIO)
    differing = [differing_steps(steps(reference, rank), steps(folder, rank)) for rank in range(RANKS)]
    return not any(differing) and same_bits(final_state(reference), final_state(folder))


if __name__ == '__main__':
    main()
