"""What the benchmarks share: taking turns, the memory that a step allocates, and how numbers are written."""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

from mmgb.utils.environment import environment


class Timing(NamedTuple):
    median_ms: float
    quartiles_ms: tuple[float, float]
    rounds: int


def parse_timing_args(description: str, seconds: float, out: str) -> argparse.Namespace:
    """``--seconds``, ``--threads`` and ``--out``; sets the number of threads."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        '--seconds',
        type=float,
        default=seconds,
        help='time for each case, but at least 5 rounds (default: %(default)s)',
    )
    parser.add_argument(
        '--threads', type=int, default=torch.get_num_threads(), help='of the CPU (default: %(default)s)'
    )
    parser.add_argument('--out', type=Path, default=Path(out), help='default: %(default)s')
    args = parser.parse_args()
    if args.seconds <= 0 or args.threads < 1:
        parser.error('--seconds and --threads must be positive')
    torch.set_num_threads(args.threads)
    return args


def write_results(out: Path, results: list[dict], **settings: object) -> None:
    """Write the JSON from which the tables in the documentation are made."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(dict(environment=environment(), **settings, results=results), indent=1) + '\n')
    print(f'Written: {out}')


def take_turns(
    steps: dict[str, Callable[[], object]], seconds: float, at_least: int, after: Callable[[], object], device: str
) -> dict[str, Timing]:
    """The times of steps that take turns in one process, for some seconds and at least some rounds.

    Each round has an order of its own: what a step leaves behind in caches and heap is then nobody's lot for good.
    """
    wait = torch.cuda.synchronize if device == 'cuda' else (lambda: None)
    times = {name: [] for name in steps}
    order, turns = random.Random(0), list(steps)
    start, rounds = time.perf_counter(), 0
    while time.perf_counter() - start < seconds or rounds < at_least:
        rounds += 1
        order.shuffle(turns)
        for name in turns:
            show(f'round {rounds}: {name}')
            wait()
            begin = time.perf_counter()
            steps[name]()
            wait()
            times[name].append(1e3 * (time.perf_counter() - begin))
            after()
    show('')
    return {
        name: Timing(statistics.median(found), tuple(statistics.quantiles(found, n=4)[::2]), rounds)
        for name, found in times.items()
    }


def extra_memory(step: Callable[[], object], device: str) -> int:
    """Bytes that a step has allocated at its peak."""
    if device == 'cuda':
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step()
        return torch.cuda.max_memory_allocated() - before
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profiled:
        step()
    events = [event for event in profiled.profiler.kineto_results.events() if event.name() == '[memory]']
    used = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        used += event.nbytes()
        peak = max(peak, used)
    return peak


def show(text: str) -> None:
    """Progress, on one line of the terminal."""
    if sys.stderr.isatty():
        print(f'\r\x1b[K{text}', end='', file=sys.stderr, flush=True)
