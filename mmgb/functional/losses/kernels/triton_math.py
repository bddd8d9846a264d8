"""The formulas of exp-GB and pow3-GB in Triton, for float32 scores, as accurate as the reference.

The fit is passed as the sum of two float32 numbers, ``fit + rest``, and so are the settings that it depends on.
"""
# mypy: allow-untyped-defs

import triton
import triton.language as tl


@triton.jit
def exp_of(x):
    """Exponential with a relative error of 3e-7 everywhere. The error of the hardware's own grows with the argument."""
    x = tl.where(x > 89.5, 89.5, tl.where(x < -105.0, -105.0, x))
    k = tl.floor(x * 1.4426950408889634 + 0.5)
    remainder = (x - k * 0.693359375) + k * 2.12194440e-4  # ln 2 in two parts: the first product is exact
    return tl.exp(remainder) * 2 * tl.exp2(k - 1)


@triton.jit
def expm1_minus_identity(x):
    """``exp(x) - 1 - x``, by its series where the difference cancels."""
    series = x * 0 + 1
    for i in tl.static_range(14):
        series = 1 + x * (1.0 / (16 - i)) * series
    return tl.where(tl.abs(x) < 2, x * x * 0.5 * series, exp_of(x) - 1 - x)


@triton.jit
def boosting_inverse(boosted, alpha, beta, EXP: tl.constexpr):
    """Return the float64 score of a boosted output, -inf where there is none."""
    if EXP:
        return tl.where(boosted > 0, tl.log(tl.where(boosted > 0, boosted, 1) / alpha), float('-inf'))
    cube = (boosted - beta) / alpha
    size = tl.where(cube == 0, 1, tl.abs(cube))
    root = tl.exp2(tl.log2(size.to(tl.float32)) / 3).to(tl.float64)
    root -= (root * root * root - size) / (3 * root * root)
    return tl.where(cube > 0, root, tl.where(cube < 0, -root, 0))


@triton.jit
def fit_of(
    t, alpha, alpha_rest, beta, beta_rest, shift, shift_rest, max_delta, EXP: tl.constexpr, BOUNDED: tl.constexpr
):
    """Return the fit of targets t in two parts, and the scores beyond which the delta is clipped."""
    t = t.to(tl.float64)
    alpha, beta = (t * 0 + alpha) + alpha_rest, (t * 0 + beta) + beta_rest
    shift = (t * 0 + shift) + shift_rest
    exact = boosting_inverse(t, alpha, beta, EXP) - shift
    fit = exact.to(tl.float32)
    rest = tl.where(t > 0, exact - fit, 0).to(tl.float32) if EXP else (exact - fit).to(tl.float32)
    if BOUNDED:
        lower = (boosting_inverse(t - max_delta, alpha, beta, EXP) - shift).to(tl.float32)
        upper = (boosting_inverse(t + max_delta, alpha, beta, EXP) - shift).to(tl.float32)
    else:
        lower, upper = fit, fit
    return fit, rest, lower, upper


@triton.jit
def potential_of(
    x,
    t,
    fit,
    rest,
    lower,
    upper,
    alpha,
    shift,
    max_delta,
    EXP: tl.constexpr,
    ZERO: tl.constexpr,
    BOUNDED: tl.constexpr,
):
    """Return the potential. ZERO: all targets t are 0."""
    inside = x
    if BOUNDED:
        inside = tl.where(x > upper, upper, tl.where(x < lower, lower, x))
    if EXP:
        potential = alpha * exp_of(inside)
        if not ZERO:
            distance = (inside - fit) - rest
            # Far from the fit, take the same output as the delta, so that both overflow at the same score.
            far = potential - t * (distance + 1)
            well = tl.where(distance > 30.0, far, t * expm1_minus_identity(distance))
            potential = tl.where(t > 0, well, potential)
    else:
        distance = (inside - fit) - rest
        shifted_fit = fit + shift
        total = (inside + shift) + shifted_fit
        potential = alpha * 0.25 * distance * distance * (total * total + 2 * shifted_fit * shifted_fit)
    if BOUNDED:
        excess = tl.where(x > upper, x - upper, tl.where(x < lower, lower - x, 0.0))
        potential += max_delta * excess
    return potential


@triton.jit
def delta_of(x, t, alpha, beta, shift, max_delta, EXP: tl.constexpr, BOUNDED: tl.constexpr):
    """Return the error delta."""
    if EXP:
        delta = alpha * exp_of(x) - t
    else:
        shifted = x + shift
        delta = alpha * shifted * shifted * shifted + (beta - t)
    if BOUNDED:
        delta = tl.where(delta > max_delta, max_delta, tl.where(delta < -max_delta, -max_delta, delta))
    return delta
