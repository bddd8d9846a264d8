"""Section 4's statements on squared error, whose formulas are in :mod:`mmgb.analysis.curvature.hessians`."""

from __future__ import annotations

import torch

from .calculus import derivative, real, root
from .hessians import (
    Hessian,
    exp_hessian,
    linear_hessian,
    pow3_hessian,
    softmax_hessian,
    softmax_squared_error_curvature,
)
from .statement import Statement, verdict


def squared_error_statements() -> list[Statement]:
    """Check the statements on squared error in the paper's order."""
    return [
        formulas(0.5, 'Right-hand sides of (1) to (4) for E = ½‖y - t‖², s fixed'),
        formulas(1.0, '… and as printed, of ‖y - t‖² without the ½'),
        fixed_normaliser(),
        convex_at_a_minimum(),
        flat_at_a_minimum(),
        terms_cancel(),
        quartic_above_exponential(),
        exponential_above_softmax(),
        softmax_above_linear(),
        chain_of_hessians(),
    ]


def fits(target: float) -> dict[str, Hessian]:
    """Return each Hessian at a perfect fit y = t, by activation; for softmax with s = 10."""
    t, log_s = real(target), real(10.0).log()
    return dict(
        linear=linear_hessian(t, t),
        softmax=softmax_hessian(t.log() + log_s, t, log_s),
        exp=exp_hessian(t.log(), t),
        pow3=pow3_hessian(t ** (1 / 3), t),
    )


def formulas(factor: float, claim: str) -> Statement:
    """Compare Equations (1) to (4) with the second derivatives of ``factor * (y - t)²``, with s held fixed."""
    x = torch.linspace(-3, 3, 61, dtype=torch.float64)
    t, log_s = torch.ones_like(x), torch.full_like(x, 4)
    pairs = [
        (lambda x: x, linear_hessian(x, t)),
        (lambda x: (x - 4).exp(), softmax_hessian(x, t, log_s)),
        (torch.exp, exp_hessian(x, t)),
        (lambda x: x**3, pow3_hessian(x, t)),
    ]
    found = [(derivative(lambda x, y=y: factor * (y(x) - 1) ** 2, x, order=2), printed.total) for y, printed in pairs]
    ratio = float(torch.cat([true for true, _ in found]).norm() / torch.cat([printed for _, printed in found]).norm())
    return Statement(
        claim,
        verdict(all(torch.allclose(true, printed) for true, printed in found)),
        f'the second derivatives are {ratio:.4g} times the printed right-hand sides',
        dict(ratio=ratio),
    )


def fixed_normaliser() -> Statement:
    """Compare Equation (2) with the second derivative that lets s vary, at two equal outputs."""
    scores, targets = torch.zeros(1, 2, dtype=torch.float64), torch.eye(2, dtype=torch.float64)[:1]
    printed = softmax_hessian(scores, targets, scores.logsumexp(1, keepdim=True)).total[0, 0].item()
    true = softmax_squared_error_curvature(scores, targets)[0, 0].item()
    return Statement(
        '(2) is the second derivative of squared error on softmax outputs',
        verdict(printed == true),
        's is held fixed in (2), but contains exp(x): two classes at x = (0, 0) with t = (1, 0) have '
        f'{true:.4g}, (2) gives {printed:.4g}',
        dict(true=true, printed=printed),
    )


def convex_at_a_minimum() -> Statement:
    """Compute the four Hessians at fits, and where the exp and pow3 errors stop being convex."""
    least = min(float(hessian.total) for target in (0.1, 0.5, 0.9) for hessian in fits(target).values())
    exp_edge = root(lambda x: exp_hessian(real(x), real(0.9)).total.item(), -5, 0)
    pow3_edge = root(lambda x: pow3_hessian(real(x), real(0.9)).total.item(), 0.1, 2)
    return Statement(
        'Around a local minimum the error surface is convex',
        verdict(least > 0),
        f'at y = t with t = 0.1, 0.5, 0.9 the least of the four H is {least:.4g}; not far around it: for '
        f't = 0.9 exp is convex from x = {exp_edge:.4g} on, pow3 from {pow3_edge:.4g} on (fits: '
        f'{real(0.9).log():.4g} and {0.9 ** (1 / 3):.4g})',
        dict(least=least, exp_convex_from=exp_edge, pow3_convex_from=pow3_edge),
    )


def flat_at_a_minimum() -> Statement:
    """Compute the four Hessians where y = t = 0.9, and near a target of 0."""
    found = {name: float(hessian.total) for name, hessian in fits(0.9).items()}
    small = {name: float(hessian.total) for name, hessian in fits(0.001).items() if name != 'linear'}
    return Statement(
        'This means that H ≈ 0 there',
        verdict(max(found.values()) < 1e-6),
        'a convex minimum has H ≥ 0, not H ≈ 0: at y = t = 0.9 '
        + ', '.join(f'H_{name} = {value:.4g}' for name, value in found.items())
        + '; it is small only for a target near 0 (t = 0.001: '
        + ', '.join(f'{name} {value:.1g}' for name, value in small.items())
        + ')',
        {**found, **{f'{name}_at_0.001': value for name, value in small.items()}},
    )


def terms_cancel() -> Statement:
    """Compute both terms where y = t = 0.9, and where they really cancel."""
    found = fits(0.9)
    second = max(abs(float(hessian.second)) for hessian in found.values())
    first = min(float(hessian.first) for hessian in found.values())
    cancels = root(lambda x: exp_hessian(real(x), real(0.9)).total.item(), -5, 0)
    return Statement(
        '… and that first and second term are about equal and cancel',
        verdict(first - second < 1e-6),
        f'at y = t only the second vanishes (t = 0.9: at most {second:.1g}, the first at least '
        f'{first:.4g}); they cancel where the curvature changes its sign (exp: x = {cancels:.4g})',
        dict(largest_second=second, least_first=first, exp_cancels_at=cancels),
    )


def quartic_above_exponential() -> Statement:
    """Find where 9x⁴ - e^{2x} changes its sign."""

    def gap(x: float) -> float:
        """First term of pow3 minus first term of exp."""
        return pow3_hessian(real(x), real(0.0)).first.item() - exp_hessian(real(x), real(0.0)).first.item()

    negative, inner, outer = root(gap, -1, 0), root(gap, 0.5, 2), root(gap, 2, 10)
    return Statement(
        '9x⁴ > e^{2x} as x → ±∞',
        verdict(gap(2 * outer) > 0 and gap(2 * negative) > 0),
        f'true for x < {negative:.4g}; between there and {inner:.4g}, and for all x > {outer:.4g}, e^{{2x}} is larger',
        dict(left=negative, inner=inner, outer=outer),
    )


def exponential_above_softmax() -> Statement:
    """Compute the smallest ratio of the two first terms for s barely above 1."""
    x = torch.linspace(-20, 20, 401, dtype=torch.float64)
    log_s = real(1.001).log()
    least = float((exp_hessian(x, x).first / softmax_hessian(x, x, log_s).first).min())
    return Statement(
        'e^{2x} > e^{2x}/s² for s > 1',
        verdict(least > 1),
        f'for any x: their ratio is s² (s = 1.001: {least:.6g})',
        dict(ratio=least),
    )


def softmax_above_linear() -> Statement:
    """Compute the largest first term of softmax, with each x's own normaliser."""
    x = torch.linspace(-40, 30, 701, dtype=torch.float64)
    pair = torch.stack([x, torch.zeros_like(x)], 1)
    largest = float(softmax_hessian(pair, pair, pair.logsumexp(1, keepdim=True)).first.max())
    return Statement(
        'e^{2x}/s² > 1 as x → ±∞',
        verdict(largest > 1),
        'never: s contains e^x, so that the term is the square of a probability (at most '
        f'{largest:.12g} for two classes and x up to 30); with s held fixed it would tend to 0 as x → '
        '-∞',
        dict(largest=largest),
    )


def chain_of_hessians() -> Statement:
    """Compute the four Hessians at fits of t = 0.5."""
    pow3, exp, softmax, linear = (float(fits(0.5)[name].total) for name in ('pow3', 'exp', 'softmax', 'linear'))
    return Statement(
        'Locally H_pow3 > H_exp > H_softmax > H_linear',
        verdict(pow3 > exp > softmax > linear),
        f'where each fits t = 0.5: {pow3:.4g}, {exp:.4g}, {softmax:.4g}, {linear:.4g}; H_softmax = t² at '
        'a fit never exceeds H_linear',
        dict(pow3=pow3, exp=exp, softmax=softmax, linear=linear),
    )
