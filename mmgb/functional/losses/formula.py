r"""The mathematics of one loss: a function of a single output x and its target t, with its settings.

The losses of this package are sums over the classes. Each output contributes a *potential* :math:`F(x, t)`, which is 0
where the output fits its target. Its derivative :math:`\delta(x, t) = \partial F / \partial x` is the *error delta* of
the gradient-boosting paper: the gradient that enters the network at that output.

A class of probability p has the target :math:`t = t^- + (t^+ - t^-)\, p`, where ``targets`` :math:`= (t^-, t^+)`
belong to a wrong class (p = 0) and to the target class (p = 1). At the minimum of the loss the expected delta is 0, so
the boosted output estimates the expected target. Scaled back to [0, 1], it estimates the class's probability. A clipped
delta has another expectation, see :mod:`mmgb.functional.losses.clipped_expectation`.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from typing import ClassVar, TypeVar

import torch
from torch import Tensor

from ..errors import ConfigError
from .clipped_expectation import clipped_output, clipped_probabilities
from .label_smoothing import smoothed_probabilities

# Above this distance from the fit an exponential potential is the boosted output less a small rest.
FAR_FROM_FIT = 30.0
# Types of devices that have no float64. There, losses have the precision of float32 also near the fit.
WITHOUT_FLOAT64 = ('mps',)

TensorOrFloat = TypeVar('TensorOrFloat', Tensor, float)
FormulaT = TypeVar('FormulaT', bound='Formula')


class Formula(ABC):
    """Base class of the formulas. Subclasses are frozen dataclasses whose fields are the settings.

    In all methods the targets are a tensor of the scores' shape or one number for all scores.

    Attributes:
        targets (tuple[float, float]): targets ``(negative, positive)`` of the wrong classes and the target class.
        kernel (str | None): name of the fused kernel, see :mod:`mmgb.functional.losses.kernels`. Default: None.
    """

    targets: tuple[float, float]  # a field of every subclass, at the position that its constructor expects
    kernel: ClassVar[str | None] = None

    @abstractmethod
    def output(self, scores: Tensor) -> Tensor:
        """Return the boosted output, which the loss compares with the target."""

    @abstractmethod
    def delta(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        """Return the error delta, elementwise."""

    @abstractmethod
    def potential(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        """Return the function whose derivative is :meth:`delta`, elementwise; 0 at the fit."""

    def delta_and_potential(self, scores: Tensor, targets: Tensor | float) -> tuple[Tensor, Tensor]:
        """Return :meth:`delta` and :meth:`potential`, maybe the same tensor, at less cost than one after the other."""
        return self.delta(scores, targets), self.potential(scores, targets)

    @abstractmethod
    def fit(self, target: float) -> float:
        """Return the score at which the potential of a target is least."""

    @property
    def degree(self) -> float | None:
        """Degree of the potential as a polynomial of the score, infinite for an exponential of the score.

        It holds inside :meth:`unclipped_range`. None: the potential is neither, and a loss of enlarged scores is
        computed in strips, see :mod:`mmgb.functional.full_resolution.loss`.
        """
        return None

    def unclipped_range(self, target: float) -> tuple[float, float]:
        """Return the scores between which the delta is not clipped; infinite ones if it never is."""
        return -math.inf, math.inf

    def potential_by_delta(self, target: float) -> tuple[float, float, float, float]:
        """Return the numbers (a, b, c, d) for which the potential is ``a + b*x + (c + d*x) * delta(x)``.

        They exist for the formulas with a ``degree``, and hold inside :meth:`unclipped_range`. A sum of potentials is
        then a sum of deltas, but its terms cancel near the fit.
        """
        raise NotImplementedError

    @property
    def target_range(self) -> tuple[float, float]:
        """Smallest and largest target for which the potential has a minimum."""
        return -math.inf, math.inf

    def target_of(self, probability: TensorOrFloat) -> TensorOrFloat:
        """Return the target of a class of this probability."""
        negative, positive = self.targets
        return negative + (positive - negative) * probability

    def probabilities(self, scores: Tensor) -> Tensor:
        """Estimate the probability of each class on its own, in [0, 1].

        The estimates sum to about 1 over the classes. They are wrong if the loss has class weights, or if the scores
        are rescaled before the loss (ArcFace).
        """
        negative, positive = self.targets
        return ((self.output(scores) - negative) / (positive - negative)).clamp(0, 1)

    def score_of(self, probability: float) -> float:
        """Return the score that fits a class of this probability: the inverse of :meth:`probabilities`."""
        return self.fit(self.target_of(probability))

    def matched(self: FormulaT, num_classes: int) -> FormulaT:
        """Return the formula in matched units, see :mod:`mmgb.functional.losses.matched_units`.

        Raises:
            ConfigError: if the formula has none.
        """
        raise ConfigError('matched=True: expected False with this loss, only exp-GB and pow3-GB have matched units')

    def smoothed(self: FormulaT, smoothing: float, mode: str, num_classes: int) -> FormulaT:
        """Return the formula for smoothed labels, see :mod:`mmgb.functional.losses.label_smoothing`.

        Its probabilities are still those of the labels, not of the smoothed ones.
        """
        if not smoothing:
            return self
        wrong, right = smoothed_probabilities(smoothing, mode, num_classes)
        return dataclasses.replace(self, targets=(self.target_of(wrong), self.target_of(right)))  # type: ignore[type-var]

    def for_values(self: FormulaT) -> FormulaT:
        """Return the formula for regression: with targets ``(0, 1)`` class scores are the targets themselves."""
        return dataclasses.replace(self, targets=(0.0, 1.0))  # type: ignore[type-var]  # subclasses are dataclasses


class BoostedFormula(Formula):
    r"""A formula whose boosted output :math:`\alpha\, b(x) + \beta` is compared with the target as it is.

    .. math::
        \delta(x, t) = \alpha\, b(x) + \beta - t

    With ``max_delta`` the delta is clipped to :math:`[-M, M]`. Where it is clipped, the potential continues along its
    tangent, as Huber's loss does, so that it stays convex with a continuous derivative.

    Attributes:
        alpha (float): factor of the boosting function b, > 0.
        beta (float): offset of the boosted output.
        shift (float): number that is added to the scores before they are boosted.
        max_delta (float | None): largest magnitude M of the delta, > 0. None: unbounded.
    """

    alpha: float
    beta: float
    shift: float
    max_delta: float | None
    kernel: ClassVar[str]

    @abstractmethod
    def inverse(self, boosted: Tensor) -> Tensor:
        """Return the score of a boosted output, -inf where there is none."""

    @abstractmethod
    def unclipped_delta(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        """Return the delta without ``max_delta``."""

    @abstractmethod
    def unclipped_potential(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        """Return the potential without ``max_delta``."""

    def probabilities(self, scores: Tensor) -> Tensor:
        if self.max_delta is None:
            return super().probabilities(scores)
        return clipped_probabilities(self.output(scores), self.targets, self.max_delta)

    def score_of(self, probability: float) -> float:
        if self.max_delta is None:
            return super().score_of(probability)
        return self.fit(clipped_output(probability, self.targets, self.max_delta))

    def delta(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        delta = self.unclipped_delta(scores, targets)
        return delta if self.max_delta is None else delta.clamp(-self.max_delta, self.max_delta)

    def potential(self, scores: Tensor, targets: Tensor | float) -> Tensor:
        if self.max_delta is None:
            return self.unclipped_potential(scores, targets)
        lower, upper = (bound.to(scores.dtype) for bound in self.clipping_bounds(in_float64(targets, scores)))
        excess = torch.where(scores > upper, scores - upper, torch.where(scores < lower, lower - scores, 0))
        inside = torch.where(scores > upper, upper, torch.where(scores < lower, lower, scores))
        return self.unclipped_potential(inside, targets) + self.max_delta * excess

    def delta_and_potential(self, scores: Tensor, targets: Tensor | float) -> tuple[Tensor, Tensor]:
        found = self.unclipped_delta_and_potential(scores, targets)
        if self.max_delta is None or found[0].abs().amax() <= self.max_delta:
            return found
        return self.delta(scores, targets), self.potential(scores, targets)

    def unclipped_delta_and_potential(self, scores: Tensor, targets: Tensor | float) -> tuple[Tensor, Tensor]:
        """Return :meth:`delta_and_potential` without ``max_delta``."""
        return self.unclipped_delta(scores, targets), self.unclipped_potential(scores, targets)

    def unclipped_range(self, target: float) -> tuple[float, float]:
        if self.max_delta is None:
            return super().unclipped_range(target)
        lower, upper = self.clipping_bounds(torch.tensor(target, dtype=torch.float64, device='cpu'))
        return lower.item(), upper.item()

    def clipping_bounds(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores between which the delta of float64 targets is not clipped; the lower one may be -inf."""
        assert self.max_delta is not None
        return self.inverse(targets - self.max_delta), self.inverse(targets + self.max_delta)


def widened(tensor: Tensor) -> Tensor:
    """Return the tensor in float64, where differences cancel; in float32 on a device without float64."""
    return tensor.to(_widest(tensor.device))


def in_float64(targets: Tensor | float, scores: Tensor) -> Tensor:
    """Return the targets as a widened tensor on the scores' device; one number as a scalar, without a copy."""
    if isinstance(targets, Tensor):
        return widened(targets)
    return torch.full((), targets, dtype=_widest(scores.device), device=scores.device)


def _widest(device: torch.device) -> torch.dtype:
    return torch.float32 if device.type in WITHOUT_FLOAT64 else torch.float64
