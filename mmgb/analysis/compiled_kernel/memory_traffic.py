"""Count the memory traffic of the Triton kernel by running it in Triton's interpreter.

A GPU moves memory in sectors of 32 bytes. Each program's accesses are counted as the different sectors that it touches:
what has to be moved if a program keeps in cache what it has read, and programs share nothing. The kernel must be
interpreted, so ``TRITON_INTERPRET=1`` must be set before Triton is imported; as a script this module sets it and writes
the traffic of a few cases as JSON.
"""
# mypy: allow-untyped-defs

from __future__ import annotations

import itertools
import json
import math
import os
from typing import Any, NamedTuple

import numpy as np

SECTOR = 32  # bytes
SHAPES = {'images': (1, 21, 32, 64), 'channels last': (1, 21, 32, 64), 'rows': (16, 1000)}
SCORES = ('float32', 'bfloat16')
CLASS_SCORES = 'float32 class scores'
TARGETS = ('int64 labels', CLASS_SCORES)


class Traffic(NamedTuple):
    """Bytes moved per score."""

    read: float
    written: float


def count_traffic(launch: Any, scores: int) -> Traffic:
    """Run a launch in the interpreter and return its traffic.

    Args:
        launch (Launch): the launch, see :mod:`mmgb.functional.losses.kernels.triton_kernel`.
        scores (int): number of scores to divide by.
    """
    from triton.runtime import interpreter

    from mmgb.functional.losses.kernels.triton_kernel import _kernel

    builder = interpreter.interpreter_builder
    load, store = builder.create_masked_load, builder.create_masked_store
    sectors: dict[str, set[tuple[int, int]]] = dict(read=set(), written=set())

    def note(kind: str, pointers: Any, mask: Any) -> None:
        size = pointers.get_element_ty().primitive_bitwidth // 8 or 1
        touched = np.unique(pointers.data[mask.data] // SECTOR)
        last = np.unique((pointers.data[mask.data] + size - 1) // SECTOR)
        program = builder.grid_idx[0]
        sectors[kind].update((program, sector) for sector in np.union1d(touched, last).tolist())

    def counted_load(pointers, mask, *args):
        note('read', pointers, mask)
        return load(pointers, mask, *args)

    def counted_store(pointers, value, mask, *args):
        note('written', pointers, mask)
        return store(pointers, value, mask, *args)

    builder.create_masked_load, builder.create_masked_store = counted_load, counted_store
    try:
        _kernel[(launch.programs,)](*launch.arguments, **launch.constants)
    finally:
        del builder.create_masked_load, builder.create_masked_store
    return Traffic(*(len(sectors[kind]) * SECTOR / scores for kind in ('read', 'written')))


def traffic_table() -> list[dict]:
    """Return the traffic of a forward and a backward pass of exp-GB for some layouts, types and targets."""
    rows = []
    for (layout, shape), scores, target in itertools.product(SHAPES.items(), SCORES, TARGETS):
        forward, backward = (
            count_traffic(_launch(layout, scores, target, gradient), math.prod(shape)) for gradient in (False, True)
        )
        rows.append(
            dict(
                layout=layout,
                shape=shape,
                scores=scores,
                target=target,
                forward=forward._asdict(),
                backward=backward._asdict(),
            )
        )
    return rows


def _launch(layout: str, scores_type: str, target_type: str, gradient: bool) -> Any:
    import torch

    from mmgb.functional.losses.exp_gb import ExpGB
    from mmgb.functional.losses.kernels.triton_kernel import prepare_launch

    shape = SHAPES[layout]
    of_samples = shape[:1] + shape[2:]
    scores = torch.zeros(shape, dtype=getattr(torch, scores_type))
    target = torch.zeros(shape) if target_type == CLASS_SCORES else torch.zeros(of_samples, dtype=torch.int64)
    if layout == 'channels last':
        scores, target = (
            tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor
            for tensor in (scores, target)
        )
    return prepare_launch(
        ExpGB(alpha=0.1, targets=(0.0, 16.0)),
        scores,
        target,
        torch.ones(()).expand(of_samples),
        torch.ones(()),
        per_sample=False,
        want_loss=not gradient,
        want_gradient=gradient,
    )


if __name__ == '__main__':
    os.environ['TRITON_INTERPRET'] = '1'
    print(json.dumps(traffic_table()))
