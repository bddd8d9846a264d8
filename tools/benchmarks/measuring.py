"""Shared by the benchmarks: timing in turns, peak memory of a step, command-line options and result files."""

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
    """Median and quartiles of the times of a step, in milliseconds, over some rounds."""

    median_ms: float
    quartiles_ms: tuple[float, float]
    rounds: int


def parse_timing_args(
    description: str,
    seconds: float,
    out: str,
    add_options: Callable[[argparse.ArgumentParser], object] = lambda parser: None,
) -> argparse.Namespace:
    """Parse ``--seconds``, ``--threads`` and ``--out``, and set the number of threads of PyTorch.

    Args:
        description: description for ``--help``.
        seconds: default of ``--seconds``.
        out: default of ``--out``.
        add_options: function that adds options of one benchmark to the parser.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        '--seconds',
        type=float,
        default=seconds,
        help='seconds per case; at least 5 rounds are run (default: %(default)s)',
    )
    parser.add_argument(
        '--threads', type=int, default=torch.get_num_threads(), help='number of CPU threads (default: %(default)s)'
    )
    add_options(parser)
    parser.add_argument('--out', type=Path, default=Path(out), help='JSON file to write (default: %(default)s)')
    args = parser.parse_args()
    if args.seconds <= 0 or args.threads < 1:
        parser.error(f'--seconds {args.seconds} --threads {args.threads}: expected positive numbers')
    torch.set_num_threads(args.threads)
    return args


def write_results(out: Path, results: list[dict], **settings: object) -> None:
    """Write results, settings and environment as JSON; the tables of the documentation are generated from it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(
        json.dumps(dict(environment=environment(), **settings, results=results), indent=1) + '\n', encoding='utf-8'
    )
    print(f'Written: {out}')


def take_turns(
    steps: dict[str, Callable[[], object]],
    seconds: float,
    at_least: int,
    after: Callable[[], object],
    device: str,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time steps that take turns in one process.

    The order is shuffled in each round, so that the effects of one step on the caches and the heap average out.

    Args:
        steps: steps to time, by name.
        seconds: duration of the measurement.
        at_least: minimum number of rounds, even if they take longer.
        after: function to call after each step, outside the measured time.
        device: ``'cpu'`` or ``'cuda'``.
        clock: clock that measures the steps, such as ``time.process_time`` for one thread on a shared machine.

    Returns:
        Timings by name.
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
            begin = clock()
            steps[name]()
            wait()
            times[name].append(1e3 * (clock() - begin))
            after()
    show('')
    return {
        name: Timing(statistics.median(found), tuple(statistics.quantiles(found, n=4)[::2]), rounds)
        for name, found in times.items()
    }


def extra_memory(step: Callable[[], object], device: str) -> int:
    """Return the peak of the bytes that a step allocates in addition to those allocated before it."""
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
    """Show progress on one line of the terminal."""
    if sys.stderr.isatty():
        print(f'\r\x1b[K{text}', end='', file=sys.stderr, flush=True)
