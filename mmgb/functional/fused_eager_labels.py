"""The wrong classes of exp-GB and pow3-GB: one target for all of them, and few passes over given memory."""
from collections.abc import Iterator

import torch
from torch import Tensor

from .gb_forms import BoundedForm, ExpGB, Pow3GB

# One pass where (a - b) and its square would take two.
_square_of_difference = torch.ops.aten.mse_loss.out
_UNREDUCED = 0

CACHED = 2 ** 17  # scores: 512 KiB, and as much for each temporary


class WrongClasses:
    """Any loss: by its formulas, with temporaries of the scores' size.

    ``memory`` is where the deltas will stand: what ``sum_potentials`` leaves there is for ``write_deltas``, which is
    called next. Scores are (N, C, ...), float32, labels and what else belongs to a sample (N, 1, ...).
    """

    # Scores worked on at once: few where there are temporaries of their size; many where only what is kept for each
    # sample matters, which must stay small beside the scores.
    block = 2 ** 17

    def __init__(self, form: BoundedForm, negative: float) -> None:
        self.form, self.negative = form, negative

    def sum_potentials(self, memory: Tensor, scores: Tensor, labels: Tensor, right: Tensor) -> Tensor:
        """The potentials' sum over the classes, (N, 1, ...), with ``right`` at the labels.

        They are put there before summing: taking the wrong potentials out of a sum would cancel.
        """
        return self.form.potential(scores, self.negative).scatter_(1, labels, right).sum(1, keepdim=True)

    def write_deltas(self, memory: Tensor, scores: Tensor, factor: Tensor) -> None:
        """Write the deltas times the factor; at the labels stands anything."""
        torch.mul(self.form.delta(scores, self.negative), factor, out=memory)


class WrongClassesOfExpGB(WrongClasses):
    """exp-GB with the negative target 0, where the delta is its own potential. In units of alpha till the end."""
    block = 2 ** 21

    def sum_potentials(self, memory: Tensor, scores: Tensor, labels: Tensor, right: Tensor) -> Tensor:
        torch.exp(scores, out=memory).scatter_(1, labels, right.div_(self.form.alpha))
        return memory.sum(1, keepdim=True).mul_(self.form.alpha)

    def write_deltas(self, memory: Tensor, scores: Tensor, factor: Tensor) -> None:
        memory.mul_(factor * self.form.alpha)


class WrongClassesOfPow3GB(WrongClasses):
    r"""pow3-GB. With :math:`d = x - x^*` its potential is :math:`\tfrac{\alpha}{4} d^2 (d^2 + 4 x^* d + 6 x^{*2})`.

    Near the fit the distance of a float32 score to a float32 number is exact, that to the fit itself isn't: it is
    taken in two steps, to the number nearest to the fit and from there.
    """
    block = 2 ** 21

    def __init__(self, form: Pow3GB, negative: float) -> None:
        super().__init__(form, negative)
        exact = form.fit(negative)
        self.fit = torch.tensor(exact, dtype=torch.float32)
        self.rest = torch.tensor(exact - self.fit.double().item(), dtype=torch.float32)
        self.unit = 1.5 * form.alpha * exact ** 2

    def sum_potentials(self, memory: Tensor, scores: Tensor, labels: Tensor, right: Tensor) -> Tensor:
        for part_of_memory, part in _in_cache(memory, scores):
            self._write_potential(part_of_memory, part)
        return memory.scatter_(1, labels, right.div_(self.unit)).sum(1, keepdim=True).mul_(self.unit)

    def _write_potential(self, square: Tensor, scores: Tensor) -> None:
        """In units of ``1.5 * alpha * fit**2``."""
        distance = scores - self.fit
        _square_of_difference(distance, self.rest, _UNREDUCED, out=square)
        torch.add(square, distance, alpha=4 * self.fit.item(), out=distance)
        torch.addcmul(square, square, distance, value=1 / (6 * self.fit.item() ** 2), out=square)

    def write_deltas(self, memory: Tensor, scores: Tensor, factor: Tensor) -> None:
        torch.pow(scores, 3, out=memory)
        torch.addcmul(factor * (self.form.beta - self.negative), memory, factor * self.form.alpha, out=memory)


def wrong_classes(form: BoundedForm, negative: float) -> WrongClasses:
    """The fastest way for a loss."""
    if form.max_delta is None:
        if isinstance(form, ExpGB) and negative == 0:
            return WrongClassesOfExpGB(form, negative)
        if isinstance(form, Pow3GB) and abs(form.fit(negative)) > 1e-3:  # it is divided by
            return WrongClassesOfPow3GB(form, negative)
    return WrongClasses(form, negative)


def _in_cache(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same parts of each tensor, small enough to stay in the cores' caches while several passes go over them."""
    first = tensors[0]
    outermost = max(range(first.dim()), key=lambda dim: (first.shape[dim] > 1) * first.stride(dim))
    step = max(1, CACHED * first.shape[outermost] // max(1, first.numel()))
    return zip(*(tensor.split(step, outermost) for tensor in tensors))
