"""exp-GB and pow3-GB of a block of scores with labels, in a handful of passes that write into given memory."""
from typing import Optional

import torch
from torch import Tensor

from .gb_forms import BoundedForm, ExpGB, Pow3GB


class LabelForm:
    """A loss whose targets are the two values of labels."""

    def fill(self, delta: Tensor, scores: Tensor, labels: Tensor) -> Tensor:
        """Write the deltas, return the losses.

        Args:
            delta: like the scores; overwritten.
            scores: (N, C, ...), float32.
            labels: (N, 1, ...); ignored ones may be anything.

        Returns:
            The sum over the classes, (N, 1, ...).
        """
        labels = labels.long().clamp(0, scores.shape[1] - 1)
        right_potential, right_delta = self.right_classes(scores.gather(1, labels).double())
        potential = self.wrong_classes(delta, scores)
        # Replaced before summing: taking a right class's wrong potential out of the sum would cancel.
        losses = potential.scatter_(1, labels, right_potential.float()).sum(1, keepdim=True)
        delta.scatter_(1, labels, right_delta.float())
        return losses

    def right_classes(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Potential and delta of float64 scores with the positive target."""
        raise NotImplementedError

    def wrong_classes(self, delta: Tensor, scores: Tensor) -> Tensor:
        """Write the deltas of scores with the negative target, return their potential, maybe in the same memory."""
        raise NotImplementedError


class ExpLabels(LabelForm):
    """exp-GB with the negative target 0, where the delta is its own potential."""

    def __init__(self, form: ExpGB, positive: float) -> None:
        self.alpha, self.positive, self.fit = form.alpha, positive, form.fit(positive)

    def right_classes(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        distance = scores - self.fit
        delta = distance.expm1()
        return (delta - distance).mul_(self.positive), delta.mul_(self.positive)

    def wrong_classes(self, delta: Tensor, scores: Tensor) -> Tensor:
        return torch.exp(scores, out=delta).mul_(self.alpha)


class Pow3Labels(LabelForm):
    """pow3-GB.

    Near the fit the distance of a float32 score to a float32 number is exact, that to the fit itself isn't. So the
    wrong classes' potential is taken by its Taylor polynomial around ``centre``, the float32 number nearest to the
    fit, where ``value`` and ``slope`` nearly vanish: ``value + d*(slope + d*alpha/4*((x + centre)**2 + 2*centre**2))``.
    """

    def __init__(self, form: Pow3GB, targets: tuple[float, float]) -> None:
        negative, self.positive = targets
        self.alpha, self.beta, self.fit = form.alpha, form.beta, form.fit(self.positive)
        self.centre = torch.tensor(form.fit(negative), dtype=torch.float32)
        at_centre = self.centre.double(), torch.tensor(negative, dtype=torch.float64)
        self.value = form.unbounded_potential(*at_centre).float()
        self.slope = form.unbounded_delta(*at_centre).float()
        self.offset = torch.tensor(form.beta - negative, dtype=torch.float32)

    def right_classes(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        squared_distance = (scores - self.fit).square_()
        potential = (scores + self.fit).square_().add_(2 * self.fit ** 2).mul_(squared_distance).mul_(self.alpha / 4)
        return potential, scores.pow(3).mul_(self.alpha).add_(self.beta - self.positive)

    def wrong_classes(self, delta: Tensor, scores: Tensor) -> Tensor:
        distance = torch.sub(scores, self.centre, out=delta)
        potential = scores + self.centre
        torch.addcmul(self.alpha / 2 * self.centre ** 2, potential, potential, value=self.alpha / 4, out=potential)
        torch.addcmul(self.slope, potential, distance, out=potential)
        torch.addcmul(self.value, potential, distance, out=potential)
        square = torch.mul(scores, scores, out=delta)
        torch.addcmul(self.offset, square, scores, value=self.alpha, out=delta)
        return potential


class BoundedLabels(LabelForm):
    """Either of them with its deltas clipped and its potential continued along the tangents."""

    def __init__(self, form: BoundedForm, inner: LabelForm, targets: tuple[float, float]) -> None:
        self.form, self.inner = form, inner
        negative, self.positive = (torch.tensor(value, dtype=torch.float64) for value in targets)
        self.lower, self.upper = (bound.item() for bound in form.bounds(negative))

    def right_classes(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        return self.form.potential(scores, self.positive), self.form.delta(scores, self.positive)

    def wrong_classes(self, delta: Tensor, scores: Tensor) -> Tensor:
        bound = self.form.max_delta
        potential = self.inner.wrong_classes(delta, scores.clamp(self.lower, self.upper))
        potential = potential.add((scores - self.upper).clamp_(min=0), alpha=bound)
        potential.add_((self.lower - scores).clamp_(min=0), alpha=bound)
        delta.clamp_(-bound, bound)
        return potential


def label_form(form: BoundedForm, targets: tuple[float, float]) -> Optional[LabelForm]:
    """The short cut for labels, or None where there is none."""
    if isinstance(form, ExpGB) and targets[0] == 0:
        inner = ExpLabels(form, targets[1])
    elif isinstance(form, Pow3GB):
        inner = Pow3Labels(form, targets)
    else:
        return None
    return inner if form.max_delta is None else BoundedLabels(form, inner, targets)
