"""Read the ``class_weight`` of a loss config."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mmengine
import numpy as np
from torch import Tensor

from mmgb.functional.errors import ConfigError
from mmgb.functional.losses.settings import is_number, shown


def read_class_weight(class_weight: Sequence[float] | str | None) -> list[float] | None:
    """Return the class weights as floats, None if there are none.

    Args:
        class_weight (Sequence[float] | str | None): the weights, or the path of a ``.npy``, ``.json``, ``.yaml``,
            ``.yml`` or ``.pkl`` file with them, as mmseg's losses read it. A pickle may hold only a list of numbers.

    Raises:
        ConfigError: if the file is missing, damaged or of another type, or a weight is not a finite number >= 0.
    """
    if class_weight is None:
        return None
    weights, source = class_weight, ''
    if isinstance(class_weight, (str, Path)):
        weights, source = _read(Path(class_weight)), f' in {shown(str(class_weight))}'
    if isinstance(weights, (np.ndarray, Tensor)):
        weights = weights.tolist()
    if not isinstance(weights, (list, tuple)) or not weights:
        raise ConfigError(
            f'class_weight={shown(weights)}{source}: expected a list of numbers, or the path of a .npy, .json or .yaml '
            'file with one'
        )
    for number, weight in enumerate(weights):
        if not is_number(weight) or weight < 0:
            raise ConfigError(f'class_weight[{number}]={shown(weight)}{source}: expected a finite number >= 0')
    return [float(weight) for weight in weights]


class _PlainUnpickler(pickle.Unpickler):
    """Unpickler of lists and numbers that refuses all classes and functions, which could run code."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f'expected a list of numbers, got {module}.{name}; save it as a .npy file')


def _read(path: Path) -> object:
    try:
        if path.suffix == '.npy':
            return np.load(path, allow_pickle=False)
        if path.suffix in ('.json', '.yaml', '.yml'):
            return mmengine.load(path)
        if path.suffix in ('.pkl', '.pickle'):
            with open(path, 'rb') as file:
                return _PlainUnpickler(file).load()
    except Exception as error:  # the parsers raise whatever their parts raise
        reason = str(error).strip().partition('\n')[0][:200]
        raise ConfigError(f'class_weight={shown(str(path))}: {type(error).__name__}: {reason}') from None
    raise ConfigError(f'class_weight={shown(str(path))}: expected a .npy, .json, .yaml, .yml or .pkl file')
