"""Compile the Triton kernel for GPUs that need not be there, and report registers, spills, shared memory and traffic.

By default every combination of the kernel's own options is compiled, with the types in turn (3,960 compilations, about
20 minutes of CPU time); --all crosses the types too (319,140). They are compiled in random order, so that the first
--compilations of them are a sample of all. Rows are appended to --rows, and a second call continues from there. Fails
if a kernel exceeds the limits.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import show, write_results  # beside this file

from mmgb.analysis.compiled_kernel.compilation import CAPABILITIES, compile_launch
from mmgb.analysis.compiled_kernel.launch_case import LaunchCase, all_cases, covering_cases, launch
from mmgb.analysis.compiled_kernel.summary import LIMITS, exceeded_limits, summarise


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--all', action='store_true', help='cross the types with all other options')
    parser.add_argument(
        '--capabilities',
        type=int,
        nargs='+',
        default=CAPABILITIES,
        help='compute capabilities, such as 90 (default: 75 80 89 90 100)',
    )
    parser.add_argument('--compilations', type=int, metavar='N', help='compile the first N (default: all)')
    parser.add_argument(
        '--rows',
        type=Path,
        default=Path('work_dirs/compiled_kernels.jsonl'),
        help='file of one line per compilation (default: %(default)s)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('docs/results/compiled_kernels.json'),
        help='JSON file to write (default: %(default)s)',
    )
    return parser.parse_args()


def compile_missing(wanted: list[tuple[LaunchCase, int]], path: Path) -> list[dict]:
    """Compile what the file of rows lacks, and return the rows of the wanted cases and compute capabilities."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
    known = {(*row['case'].values(), row['capability']): row for row in map(json.loads, lines)}
    rows = []
    with path.open('a', encoding='utf-8') as file:
        for case, capability in wanted:
            show(f'{len(rows) + 1} of {len(wanted)}')
            row = known.get((*case, capability))
            if row is None:
                compiled = compile_launch(launch(case), capability)
                row = dict(case=case._asdict(), capability=capability, **compiled._asdict())
                file.write(json.dumps(row) + '\n')
                file.flush()
            rows.append(row)
    show('')
    return rows


def memory_traffic() -> list[dict]:
    """Return the traffic per score. Triton interprets kernels only if it is told so before its import."""
    command = [sys.executable, '-W', 'ignore', '-m', 'mmgb.analysis.compiled_kernel.memory_traffic']
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    args = parse_args()
    wanted = list(itertools.product(all_cases() if args.all else covering_cases(), args.capabilities))
    random.Random(0).shuffle(wanted)
    with tempfile.TemporaryDirectory() as cache:  # what Triton has compiled before must not count
        os.environ['TRITON_CACHE_DIR'] = cache
        rows = compile_missing(wanted[: args.compilations], args.rows)
    exceeded = exceeded_limits(rows)
    write_results(
        args.out,
        summarise(rows),
        compilations=len(rows),
        of=len(wanted),
        limits=LIMITS,
        exceeded=exceeded,
        traffic=memory_traffic(),
    )
    for line in exceeded:
        print(line)
    sys.exit(bool(exceeded))


if __name__ == '__main__':
    main()
