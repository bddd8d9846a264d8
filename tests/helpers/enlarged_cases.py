"""Random cases of losses of enlarged scores."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

IGNORE = 255


class Case(NamedTuple):
    """Scores (N, C, h, w) in float64, labels (N, H, W) with ignored regions, and how to enlarge."""

    scores: torch.Tensor
    labels: torch.Tensor
    align_corners: bool

    @property
    def size(self):
        return tuple(self.labels.shape[1:])


@st.composite
def cases(draw, scale=3.0):
    """Draw a case with strides from 1 to 16, whole or not, that may differ between the axes."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    low = draw(st.tuples(st.integers(1, 20), st.integers(1, 6)))
    strides = draw(st.tuples(*[st.one_of(st.integers(2, 16), st.floats(1, 16))] * 2))
    size = tuple(max(cells, int(cells * stride)) for cells, stride in zip(low, strides))
    classes = draw(st.sampled_from([2, 5]))
    scores = torch.randn(2, classes, *low, generator=generator, dtype=torch.float64)
    scores *= draw(st.sampled_from([0.1, scale]))
    labels = torch.randint(classes, (2, *size), generator=generator)
    ignored = draw(st.sampled_from(['nothing', 'a region', 'single pixels', 'an image']))
    if ignored == 'a region':
        labels[:, size[0] // 3 : size[0] // 2 + 1, size[1] // 2 :] = IGNORE
    elif ignored == 'single pixels':
        labels[torch.rand(labels.shape, generator=generator) < 0.1] = IGNORE
    elif ignored == 'an image':
        labels[0] = IGNORE
    return Case(scores, labels, draw(st.booleans()))


def enlarge(scores, case):
    return F.interpolate(scores, case.size, mode='bilinear', align_corners=case.align_corners)


def value_and_gradient(loss, scores):
    """Return a scalar function's value and gradient at the scores."""
    scores = scores.detach().requires_grad_()
    value = loss(scores)
    return value.detach(), torch.autograd.grad(value, scores)[0]


class LargestTensor(TorchDispatchMode):
    """Record the number of elements of the largest tensor that an operator returns, forward and backward."""

    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):  # an expanded tensor has fewer elements in memory
                in_memory = leaf.untyped_storage().nbytes() // leaf.element_size()
                self.elements = max(self.elements, min(leaf.numel(), in_memory))
        return result
