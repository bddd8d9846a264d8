"""Section 4's statements on the softmax normaliser s = Σ exp(x)."""

from __future__ import annotations

import math

import torch

from .hessians import softmax_hessian
from .statement import OBSERVED, Statement, verdict

PAPERS_NORMALISER = 2342.0


def normaliser_statements() -> list[Statement]:
    """Check the statements on s in the paper's order."""
    return [
        depends_on_the_normaliser(),
        half_of_the_outputs_positive(),
        one_output_at_zero(),
        trained_outputs(),
        papers_normaliser(),
    ]


def depends_on_the_normaliser() -> Statement:
    """Shift all outputs by the same amount: s changes, the probabilities and H do not."""
    scores = torch.tensor([[2.0, 0.0, -1.0]], dtype=torch.float64)
    shift = 20.0
    before, after = (
        softmax_hessian(moved, torch.zeros_like(moved), moved.logsumexp(1, keepdim=True)).total
        for moved in (scores, scores - shift)
    )
    s = float((scores - shift).exp().sum())
    change = float((after - before).abs().max())
    y, t = torch.meshgrid(*2 * [torch.linspace(0, 1, 401, dtype=torch.float64)], indexing='ij')
    least, most = (float(bound) for bound in softmax_hessian(y.log(), t, torch.zeros_like(y)).total.aminmax())
    return Statement(
        'H_softmax depends on s, and blows up if s is very small',
        verdict(change > 1e-9),
        'a common shift of the outputs changes s and neither probabilities nor H: with x = (2, 0, -1) - '
        f'{shift:g} s is {s:.3g}, and H changes by {change:.1g}; for probabilities y and targets '
        f'in [0, 1] (2) lies between {least:.4g} and {most:.4g}',
        dict(s=s, change=change, least=least, most=most),
    )


def half_of_the_outputs_positive() -> Statement:
    """Compute s - 1 for one barely positive and one very negative output."""
    scores = torch.tensor([1e-6, -50.0], dtype=torch.float64)
    excess = float(scores.expm1()[0] + scores[1].exp())
    return Statement(
        'Half of the outputs positive guarantees s > 1',
        verdict(excess > 0),
        f'one is enough: x = (1e-6, -50) has s - 1 = {excess:.3g}; outputs with mean 0 even have s ≥ C, '
        'the number of classes (Jensen)',
        dict(excess=excess),
    )


def one_output_at_zero() -> Statement:
    """Compute s - 1 for 1,000 classes with one output at 0."""
    negative = -20.0
    excess = 999 * math.exp(negative)
    return Statement(
        'A single output ≥ 0 makes s > 1',
        verdict(excess > 0),
        f'of 1,000 classes one at 0 and the others at {negative:g}: s - 1 = {excess:.3g}; equality needs '
        'a single class',
        dict(excess=excess),
    )


def trained_outputs() -> Statement:
    """Give a network with confident correct predictions and s < 1."""
    margin = 10.0
    s = math.exp(-margin) * (1 + 999 * math.exp(-20))
    probability = 1 / (1 + 999 * math.exp(-20))
    return Statement(
        'A well-trained model will mostly have such an output',
        OBSERVED,
        f'nothing forces it: with the right class at -{margin:g} and 999 at -{margin + 20:g}, s = {s:.3g} '
        f'and the right class has probability {probability:.6f}; see "s > 1" of a trained network',
        dict(s=s, probability=probability),
    )


def papers_normaliser() -> Statement:
    """Compute which outputs, or which batch, would have the initial s of Figure 5."""
    equal, batch = math.log(PAPERS_NORMALISER / 10), PAPERS_NORMALISER / 10
    return Statement(
        's starts at 2,342 and rises monotonically (Fig. 5)',
        OBSERVED,
        f'GradientStatsHook records it; for one sample of ten classes it needs all outputs at '
        f'{equal:.3g}, for outputs near 0 a sum over {batch:.4g} samples',
        dict(equal_outputs=equal, batch=batch),
    )
