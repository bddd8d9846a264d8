"""Every combination of options with which the product launches the Triton kernel.

The launches themselves are those of :func:`mmgb.functional.losses.kernels.triton_kernel.prepare_launch`, with tensors
of each type and layout. The kernel's own options are crossed completely: formula, clipping, result, kind of target,
layout and tile. Types, weights and alignment only change how a number is read, so :func:`covering_cases` takes them in
turn: each combination of them occurs with each result. :func:`all_cases` crosses everything.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from mmgb.functional.losses.exp_gb import ExpGB
from mmgb.functional.losses.kernels.triton_kernel import Launch, prepare_launch
from mmgb.functional.losses.pow3_gb import Pow3GB
from mmgb.functional.losses.targets import LABEL_TYPES

FORMULAS = {
    'exp-GB': ExpGB(0.1, (0.0, 16.0)),
    'exp-GB, negative target 1': ExpGB(0.1, (1.0, 16.0)),
    'pow3-GB': Pow3GB(0.001, 0.4, (0.0, 10.0)),
}
RESULTS = {
    'sum': dict(per_sample=False, want_loss=True, want_gradient=False),
    'per sample': dict(per_sample=True, want_loss=True, want_gradient=False),
    'gradient': dict(per_sample=False, want_loss=False, want_gradient=True),
}
SCORES = ('float32', 'bfloat16', 'float16')
LABELS = tuple(str(dtype).removeprefix('torch.') for dtype in LABEL_TYPES)
CLASS_SCORES = ('float32', 'bfloat16', 'float16', 'float64')
WEIGHTS = ('none', 'mask', 'factors')
SIDES = {True: (8, 16), False: (7, 9)}  # of images whose number of pixels is a multiple of 16, or not


class LaunchCase(NamedTuple):
    """Options of one launch.

    Attributes:
        formula (str): key of ``FORMULAS``.
        clipped (bool): whether the delta has a bound.
        result (str): key of ``RESULTS``.
        soft (bool): whether the target is class scores instead of labels.
        layout (str): ``'images'`` (N, C, H, W), ``'channels last'``, or ``'rows'`` (N, C).
        classes (int): upper limit of the number of classes that a program reads at once; a power of two.
        aligned (bool): whether sizes and strides are multiples of 16, where they can be.
        scores, target (str): types.
        weights (str): of the samples: ``'none'``, ``'mask'`` or ``'factors'``.
    """

    formula: str
    clipped: bool
    result: str
    soft: bool
    layout: str
    classes: int
    aligned: bool
    scores: str
    target: str
    weights: str


def all_cases() -> Iterator[LaunchCase]:
    """Yield every combination."""
    for options in _kernel_options():
        for reading in _readings(options[3]):
            yield LaunchCase(*options, *reading)


def covering_cases() -> Iterator[LaunchCase]:
    """Yield every combination of the kernel's own options, with types, weights and alignment in turn."""
    for soft, result in itertools.product((False, True), RESULTS):
        turns = itertools.cycle(_readings(soft))
        for options in _kernel_options():
            if options[2:4] == (result, soft):
                yield LaunchCase(*options, *next(turns))


def launch(case: LaunchCase) -> Launch:
    """Return the product's launch of a case, with random scores on the CPU."""
    formula = FORMULAS[case.formula]
    if case.clipped:
        formula = type(formula)(**{**vars(formula), 'max_delta': 3.0})
    scores, target, weight = _tensors(case)
    return prepare_launch(formula, scores, target, weight, torch.ones(()), **RESULTS[case.result])


def _kernel_options() -> Iterator[tuple[str, bool, str, bool, str, int]]:
    tiles = [('images', 16)]
    tiles += [(layout, 2**power) for layout in ('channels last', 'rows') for power in range(11)]
    for formula, clipped, result, soft, (layout, classes) in itertools.product(
        FORMULAS, (False, True), RESULTS, (False, True), tiles
    ):
        if soft or classes > 1:  # labels need two classes
            yield formula, clipped, result, soft, layout, classes


def _readings(soft: bool) -> list[tuple[bool, str, str, str]]:
    targets = CLASS_SCORES if soft else LABELS
    return list(itertools.product((True, False), SCORES, targets, WEIGHTS))


def _tensors(case: LaunchCase) -> tuple[Tensor, Tensor, Tensor]:
    # One class less is still read by the same tile.
    classes = case.classes if case.aligned or case.classes < 4 else case.classes - 1
    shape = (16, classes) if case.layout == 'rows' else (2, classes, *SIDES[case.aligned])
    generator = torch.Generator().manual_seed(0)

    def laid_out(tensor: Tensor) -> Tensor:
        return tensor.movedim(1, -1).contiguous().movedim(-1, 1) if case.layout == 'channels last' else tensor

    scores = laid_out(torch.randn(shape, generator=generator)).to(getattr(torch, case.scores))
    of_samples = shape[:1] + shape[2:]
    if case.soft:
        target = laid_out(torch.rand(shape, generator=generator))
    else:
        target = torch.randint(min(classes, 100), of_samples, generator=generator)
    weight = torch.ones(()).expand(of_samples)
    if case.weights == 'factors':
        weight = torch.rand(of_samples, generator=generator)
    elif case.weights == 'mask':
        weight = torch.rand(of_samples, generator=generator) < 0.9
    return scores, target.to(getattr(torch, case.target)), weight
