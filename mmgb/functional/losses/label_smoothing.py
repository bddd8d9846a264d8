"""Label smoothing: the probabilities that a label gives to its own class and to every other class.

The error delta is linear in the target, so the loss of smoothed class scores is the loss of the label with two other
targets, see :meth:`mmgb.functional.losses.formula.Formula.smoothed`.
"""

from __future__ import annotations

from ..errors import ConfigError
from .settings import is_number, is_one_of, shown

MODES = ('original', 'classy_vision', 'multi_label')  # those of mmpretrain's LabelSmoothLoss


def check_label_smoothing(smoothing: float, mode: str, target_kind: str) -> None:
    """Validate the smoothing and its mode.

    Raises:
        ConfigError: if the mode is unknown, the smoothing is outside its range, or the targets are real values.
    """
    if not is_one_of(mode, *MODES):
        raise ConfigError(f'label_smooth_mode={shown(mode)}: expected one of {", ".join(map(repr, MODES))}')
    largest = 0.5 if mode == 'multi_label' else 1.0
    if not is_number(smoothing) or not 0 <= smoothing < largest:
        raise ConfigError(
            f'label_smooth_val={shown(smoothing)}: expected a number of at least 0 and below {largest:g} with '
            f'label_smooth_mode={mode!r}'
        )
    if smoothing and target_kind == 'value':
        raise ConfigError(
            f"label_smooth_val={smoothing} with target_kind='value': expected 0, since real values are no labels"
        )


def smoothed_probabilities(smoothing: float, mode: str, num_classes: int) -> tuple[float, float]:
    """Return the probabilities of a wrong class and of the target class after label smoothing.

    Args:
        smoothing (float): share s of the label that all classes share, in [0, 1).
        mode (str): ``'original'``: s / C and 1 - s + s / C (Szegedy et al. 2016, Section 7). ``'classy_vision'``: the
            same with s / (1 + s). ``'multi_label'``: s and 1 - s, for s below 0.5.
        num_classes (int): number of classes C.
    """
    if mode == 'multi_label':
        return smoothing, 1 - smoothing
    if mode == 'classy_vision':
        smoothing = smoothing / (1 + smoothing)
    return smoothing / num_classes, 1 - smoothing + smoothing / num_classes
