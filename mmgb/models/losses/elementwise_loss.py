"""What the losses of one function of each output share: formulas, targets, probabilities."""

from torch import Tensor

from mmgb.functional.losses.elementwise import ElementwiseForm, check_target_kind, elementwise_loss
from mmgb.functional.losses.kernels.dispatch import fused_gb_loss

from .weighted_loss import WeightedLoss


class ElementwiseLoss(WeightedLoss):
    """A loss that is a sum over the classes of one function of each output (:mod:`mmgb.functional.losses.elementwise`).

    It is called with labels; or with class scores in [0, 1], or real-valued targets, of the shape of the outputs.

    Args:
        form: the formulas with their settings.
        targets: ``(negative, positive)``, checked before.
        target_kind: ``'class'``: labels or class scores; ``'value'``: the real-valued targets themselves.
        fused: whether value and gradient may be computed together (:func:`mmgb.functional.exp_gb_loss`).
        **options: see :class:`WeightedLoss`.

    Raises:
        ValueError: when built, if a setting lies outside its range; when called, if the tensors don't fit.
    """

    def __init__(
        self,
        form: ElementwiseForm,
        targets: tuple[float, float],
        target_kind: str = 'class',
        fused: bool = False,
        **options,
    ) -> None:
        check_target_kind(target_kind)
        super().__init__(**options)
        self.form = form
        self.targets = targets
        self.target_kind = target_kind
        self.fused = fused

    def compute(self, cls_score: Tensor, label: Tensor, **options) -> Tensor:
        return elementwise_loss(
            cls_score,
            label,
            self.form,
            self.targets,
            target_kind=self.target_kind,
            fused=fused_gb_loss if self.fused else None,
            **options,
        )

    def probabilities(self, scores: Tensor) -> Tensor:
        """Each class's probability, estimated on its own: the boosted output, scaled from the targets to [0, 1].

        At a loss's minimum the expected delta is zero, so the boosted output is the expected target, which is
        ``negative + (positive - negative) * p``. The estimates sum to about 1; class weights, and scores that are
        rescaled before the loss (ArcFace), break them. Same shape as ``scores``.
        """
        negative, positive = self.targets
        return ((self.form.output(scores) - negative) / (positive - negative)).clamp(0, 1)

    def score_of(self, probability: float) -> float:
        """The output that fits a class of this probability: the inverse of :meth:`probabilities`."""
        negative, positive = self.targets
        return self.form.fit(negative + (positive - negative) * probability)
