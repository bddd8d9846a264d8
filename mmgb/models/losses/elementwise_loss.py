"""Base class of the losses that have a formula: probabilities, and regression targets."""

from __future__ import annotations

from torch import Tensor

from mmgb.functional.losses.formula import Formula
from mmgb.functional.losses.settings import check_bool
from mmgb.functional.losses.targets import check_target_kind

from .weighted_loss import WeightedLoss


class ElementwiseLoss(WeightedLoss):
    """A sum over the classes of a function of each output (:mod:`mmgb.functional.losses.elementwise`).

    The loss is called with labels, or with class scores in [0, 1] or real-valued targets of the scores' shape.

    Args:
        formula (Formula): the loss's mathematics with its settings and targets.
        target_kind (str): ``'class'`` for labels and class scores that are a distribution, ``'multi_label'`` for class
            scores with any number of classes per sample, ``'value'`` for real-valued targets. It decides what
            ``class_weight`` multiplies, see :func:`mmgb.functional.losses.elementwise.elementwise_loss`.
        fused (bool): whether a kernel may compute value and gradient in one pass, see
            :func:`mmgb.functional.exp_gb_loss`. Formulas without a kernel ignore it.
        **options: see :class:`WeightedLoss`.

    Raises:
        ConfigError: when built, if a setting is outside its range; when called, if a tensor does not fit.
    """

    def __init__(self, formula: Formula, target_kind: str = 'class', fused: bool = False, **options) -> None:
        check_target_kind(target_kind)
        check_bool('fused', fused)
        super().__init__(**options)
        self.formula = formula
        self.target_kind = target_kind
        self.fused = fused

    def probabilities(self, scores: Tensor) -> Tensor:
        """Estimate each class's probability, see :meth:`mmgb.functional.losses.formula.Formula.probabilities`."""
        return self.formula.probabilities(scores)

    def score_of(self, probability: float) -> float:
        """Return the score that fits a class of this probability: the inverse of :meth:`probabilities`."""
        return self.formula.score_of(probability)
