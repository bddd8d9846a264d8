"""Values of every type for the settings of losses and hooks, against predicates of what each setting allows."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mmgb import engine, models  # noqa: F401 - registers what is built
from mmgb.registry import HOOKS, MODELS

from .campaign import VALID, WRONG, Attempt

SCALARS: list[Any] = [None, True, False, 0, 1, -1, 2, 0.5, -0.5, 1e308, 1e-308, 10**400, -(10**400), 2**63, 255]
SCALARS += [math.nan, math.inf, -math.inf, 1j, np.float32(0.5), np.float64('nan'), np.int64(3), np.bool_(True)]
SCALARS += [Fraction(1, 3), Decimal('0.5'), torch.tensor(1.0), torch.zeros(2), np.zeros(3), b'1', object(), print, int]
TEXTS: list[Any] = [
    '',
    '1',
    'mean',
    'sum',
    'none',
    'class',
    'value',
    'multi_label',
    'linear',
    'sigmoid',
    'tanh',
    'unit',
]
TEXTS += ['loss', 'a loss', '\n', 'x' * 10_000, '{0}', '%s', '\0', 'symmetric', 'max_curvature', 'MEAN']


def _number(value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _positive(value: Any) -> bool:
    return _number(value) and value > 0


def _pair(value: Any) -> bool:
    right = isinstance(value, (tuple, list)) and len(value) == 2 and all(map(_number, value))
    return right and float(value[0]) < float(value[1])


def _pair_of_exp(value: Any) -> bool:
    return _pair(value) and value[0] >= 0


def _integer(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _none_or(allowed: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or allowed(value)


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in words


COMMON: dict[str, Callable[[Any], bool]] = dict(
    reduction=_one_of('mean', 'sum', 'none'),
    ignore_index=_none_or(lambda value: _integer(value) and -(2**63) <= value < 2**63),
    avg_non_ignore=_boolean,
    loss_weight=lambda value: _number(value) and value >= 0,
    loss_name=lambda value: isinstance(value, str) and 'loss' in value,
    use_sigmoid=lambda value: value is False,
    no_such_setting=lambda value: False,
)
ELEMENTWISE = {
    **COMMON,
    'target_kind': _one_of('class', 'multi_label', 'value'),
    'label_smooth_val': lambda value: _number(value) and 0 <= value < 1,
    'label_smooth_mode': _one_of('original', 'classy_vision', 'multi_label'),
}
BOOSTED = {**ELEMENTWISE, 'alpha': _positive, 'max_delta': _none_or(_positive), 'matched': _boolean, 'fused': _boolean}
ACTIVATIONS = _one_of('linear', 'sigmoid', 'tanh')
# Settings of each type, and what each allows on its own.
ALLOWED: dict[str, dict[str, Callable[[Any], bool]]] = {
    'ExpGBLoss': {**BOOSTED, 'targets': _pair_of_exp},
    'Pow3GBLoss': {**BOOSTED, 'targets': _pair, 'beta': _none_or(_number)},
    'MirroredExpGBLoss': {**ELEMENTWISE, 'alpha': _positive, 'beta': _number, 'targets': _pair},
    'SquaredErrorLoss': {
        **ELEMENTWISE,
        'activation': ACTIVATIONS,
        'targets': lambda value: _pair(value) or _one_of('unit', 'symmetric', 'max_curvature')(value),
    },
    'SquentropyLoss': COMMON,
    'CheckInvalidLossHook': dict(interval=lambda value: _integer(value) and value > 0),
    'GradientStatsHook': dict(interval=lambda value: _integer(value) and value > 0),
}


def hostile_settings(folder: Path) -> Attempt:
    """Build a loss or hook with one setting of any value. It must be refused unless the setting allows the value."""

    def attempt(rng: np.random.Generator) -> str:
        name = list(ALLOWED)[int(rng.integers(len(ALLOWED)))]
        setting = list(ALLOWED[name])[int(rng.integers(len(ALLOWED[name])))]
        value = _value(rng)
        registry = HOOKS if name.endswith('Hook') else MODELS
        registry.build({'type': f'mmgb.{name}', setting: value})
        return VALID if ALLOWED[name][setting](value) else WRONG

    return attempt


def _value(rng: np.random.Generator, depth: int = 0) -> Any:
    kind = int(rng.integers(6 if depth < 2 else 3))
    if kind < 2:
        return SCALARS[int(rng.integers(len(SCALARS)))]
    if kind == 2:
        return TEXTS[int(rng.integers(len(TEXTS)))]
    parts = [_value(rng, depth + 1) for _ in range(int(rng.integers(4)))]
    return [parts, tuple(parts), {str(index): part for index, part in enumerate(parts)}][kind - 3]
