"""Base class of the losses that have a formula: probabilities, and regression targets."""

from __future__ import annotations

from torch import Tensor

from mmgb.functional.errors import ConfigError
from mmgb.functional.full_resolution.loss import upsampled_loss
from mmgb.functional.losses.formula import Formula
from mmgb.functional.losses.label_smoothing import check_label_smoothing
from mmgb.functional.losses.matched_units import check_matched, classes_of_outputs
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
        matched (bool): whether the scores are in the units of cross-entropy's logits, see
            :mod:`mmgb.functional.losses.matched_units`. Default: False.
        label_smooth_val (float): smoothing of the labels or class scores, in [0, 1), as in mmpretrain's
            ``LabelSmoothLoss``. Default: 0, none.
        label_smooth_mode (str): its ``mode``, see :mod:`mmgb.functional.losses.label_smoothing`. Default:
            ``'original'``.
        **options: see :class:`WeightedLoss`.

    Raises:
        ConfigError: when built, if a setting is outside its range; when called, if a tensor does not fit.
    """

    def __init__(
        self,
        formula: Formula,
        target_kind: str = 'class',
        fused: bool = False,
        matched: bool = False,
        label_smooth_val: float = 0.0,
        label_smooth_mode: str = 'original',
        **options,
    ) -> None:
        check_target_kind(target_kind)
        check_bool('fused', fused)
        check_bool('matched', matched)
        check_matched(matched, target_kind)
        check_label_smoothing(label_smooth_val, label_smooth_mode, target_kind)
        if matched:
            formula.matched(num_classes=2)  # refuse other losses and settings now, not in the first step
        super().__init__(**options)
        self.formula = formula
        self.target_kind = target_kind
        self.fused = fused
        self.matched = matched
        self.label_smooth_val = label_smooth_val
        self.label_smooth_mode = label_smooth_mode

    @property
    def label_options(self) -> dict:
        """Keyword arguments of the loss's function that say how it reads labels."""
        return dict(
            target_kind=self.target_kind,
            label_smooth_val=self.label_smooth_val,
            label_smooth_mode=self.label_smooth_mode,
        )

    def compute_enlarged(self, scores: Tensor, label: Tensor, align_corners: bool, **options) -> Tensor:
        if self.target_kind != 'class':
            return super().compute_enlarged(scores, label, align_corners, **options)
        return upsampled_loss(scores, label, self.formula_for(scores.shape[1]), align_corners=align_corners, **options)

    def formula_for(self, num_classes: int) -> Formula:
        """Return the formula of the loss of scores (N, num_classes, ...): matched and smoothed if it is so set."""
        formula = self.formula.matched(num_classes) if self.matched else self.formula
        return formula.smoothed(self.label_smooth_val, self.label_smooth_mode, classes_of_outputs(num_classes))

    def probabilities(self, scores: Tensor) -> Tensor:
        """Estimate each class's probability, see :meth:`mmgb.functional.losses.formula.Formula.probabilities`."""
        return self.formula_for(scores.shape[1]).probabilities(scores)

    def score_of(self, probability: float, num_classes: int | None = None) -> float:
        """Return the score that fits a class of this probability: the inverse of :meth:`probabilities`.

        Args:
            probability (float): probability of the class, in [0, 1].
            num_classes (int | None): number of outputs, needed in matched units and with smoothed labels. Default:
                None.

        Raises:
            ConfigError: if ``num_classes`` is needed and None.
        """
        if num_classes is None:
            if self.matched or self.label_smooth_val:
                raise ConfigError(
                    'num_classes=None: expected the number of outputs, on which matched units and smoothing depend'
                )
            return self.formula.score_of(probability)
        return self.formula_for(num_classes).score_of(probability)
