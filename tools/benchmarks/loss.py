"""Time a forward and backward pass of the boosted losses against cross-entropy and against the memory bandwidth.

All contenders take turns in one process, and their median times are compared. Memory is the peak allocation of a step,
divided by the size of the scores. Prints a table for each shape and writes the results as JSON to --out.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from measuring import extra_memory, parse_timing_args, show, take_turns, write_results  # beside this file
from torch import Tensor

from mmgb.analysis.benchmark_tables import loss_table
from mmgb.functional import exp_gb_loss, pow3_gb_loss

IGNORE = 255
CPU_CASES = [
    ((4, 21, 256, 256), 'float32'),
    ((8, 21, 512, 512), 'float32'),
    ((256, 1000), 'float32'),
    ((256, 401), 'float32'),
]
CUDA_CASES = CPU_CASES + [(shape, 'bfloat16') for shape, _ in CPU_CASES]
YARDSTICK = 'F.cross_entropy'
BOUND = 'memory bound'


class Cost(NamedTuple):
    """Time and memory of a step."""

    median_ms: float
    quartiles_ms: tuple[float, float]
    rounds: int
    extra_memory: float  # in multiples of the scores' size


def losses() -> dict[str, Callable[[Tensor, Tensor], Tensor]]:
    """Return the contenders by name, functions of scores and labels; mmseg's own loss if mmseg is installed."""

    def cross_entropy(scores, labels):
        return F.cross_entropy(scores, labels, ignore_index=IGNORE)

    def formula(loss):
        return lambda scores, labels: loss(scores, labels, ignore_index=IGNORE, fused=False)

    found = {
        YARDSTICK: cross_entropy,
        'torch.compile of it': torch.compile(cross_entropy, dynamic=False),
        'exp-GB': lambda scores, labels: exp_gb_loss(scores, labels, ignore_index=IGNORE),
        'exp-GB, weight 0.4': lambda scores, labels: 0.4 * exp_gb_loss(scores, labels, ignore_index=IGNORE),
        'exp-GB, matched': lambda scores, labels: exp_gb_loss(scores, labels, ignore_index=IGNORE, matched=True),
        'exp-GB, fused=False': formula(exp_gb_loss),
        'torch.compile of exp-GB': torch.compile(formula(exp_gb_loss), dynamic=False),
        'pow3-GB': lambda scores, labels: pow3_gb_loss(scores, labels, ignore_index=IGNORE),
        'pow3-GB, weight 0.4': lambda scores, labels: 0.4 * pow3_gb_loss(scores, labels, ignore_index=IGNORE),
        'pow3-GB, matched': lambda scores, labels: pow3_gb_loss(scores, labels, ignore_index=IGNORE, matched=True),
        'pow3-GB, fused=False': formula(pow3_gb_loss),
        'torch.compile of pow3-GB': torch.compile(formula(pow3_gb_loss), dynamic=False),
    }
    try:
        from mmseg.models.losses import CrossEntropyLoss
    except ImportError:
        return found
    host = CrossEntropyLoss(avg_non_ignore=True)
    return found | {"mmseg's CrossEntropyLoss": lambda scores, labels: host(scores, labels, ignore_index=IGNORE)}


def make_case(shape: tuple[int, ...], dtype: torch.dtype, device: str) -> tuple[Tensor, Tensor]:
    """Return random scores and labels. 5 % of the pixels of images are ignored."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(shape, generator=generator).to(device, dtype).requires_grad_()
    labels = torch.randint(shape[1], shape[:1] + shape[2:], generator=generator)
    if len(shape) > 2:
        labels[torch.rand(labels.shape, generator=generator) < 0.05] = IGNORE
    return scores, labels.to(device)


def steps(scores: Tensor, labels: Tensor) -> dict[str, Callable[[], object]]:
    """Return a forward and backward pass of each loss, and the memory traffic that they need at least."""

    def bound():
        if scores.is_cuda:
            scores.detach().amax()  # the second read
        return scores.detach().clone()

    return {name: lambda loss=loss: loss(scores, labels).backward() for name, loss in losses().items()} | {BOUND: bound}


def measure(scores: Tensor, labels: Tensor, seconds: float) -> dict[str, Cost | None]:
    """Return the cost of each step; None for a step that doesn't run here, for instance without a compiler."""
    device = scores.device.type
    contenders = steps(scores, labels)
    memory = {}

    def forget_gradient():
        scores.grad = None

    for name, step in contenders.items():
        show(f'warming up: {name}')
        try:
            for _ in range(2):
                step()
                forget_gradient()
        except Exception as error:  # torch.compile raises whatever its backends raise
            print(f'{name} does not run here: {type(error).__name__}', file=sys.stderr)
            continue
        memory[name] = extra_memory(step, device) / (scores.numel() * scores.element_size())
        forget_gradient()
    timings = take_turns({name: contenders[name] for name in memory}, seconds, 5, forget_gradient, device)
    return {name: Cost(*timings[name], memory[name]) if name in memory else None for name in contenders}


def main():
    args = parse_timing_args(__doc__, 60, 'docs/results/loss_benchmark.json')
    warnings.filterwarnings('ignore', module='torch')
    logging.getLogger('torch.profiler').setLevel(logging.ERROR)
    cases = [('cpu', *case) for case in CPU_CASES]
    if torch.cuda.is_available():
        cases += [('cuda', *case) for case in CUDA_CASES]
    results = []
    for device, shape, dtype in cases:
        torch._dynamo.reset()
        timings = measure(*make_case(shape, getattr(torch, dtype), device), args.seconds)
        results.append(
            dict(
                device=device,
                shape=shape,
                dtype=dtype,
                contenders={name: timing and timing._asdict() for name, timing in timings.items()},
            )
        )
        print(loss_table(results[-1]), flush=True)
    if not torch.cuda.is_available():
        print('CUDA: not measured, because there is no GPU')
    write_results(args.out, results)


if __name__ == '__main__':
    main()
