"""Class-aware sampling as a pure function of a position.

Source: Shen, Lin, Huang, *Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks*
(arXiv:1512.05830), Section 4: one list of classes and one list of images for each class, each shuffled anew when it
has been used up; a sample is the next image of the next class.

Position p of the endless sequence lies in cycle ``k = p // C`` of C classes. A cycle holds every class exactly once,
so that position p is its class's k-th draw, and both lists are the same thing, *shuffled passes*::

    class(p) = shuffled_passes(C)[p]        image(p) = images of class(p)[shuffled_passes(n_class(p))[k]]

Pass number i over n things depends on nothing but the seed, the list and i: it is the order of the words that the
counter-based generator Philox gives for counters ``i * ceil(n / 4)`` and up, under a key made of seed and list. There
is no state, so any position can be asked for at once. numpy promises Philox's raw words for all its versions, which it
doesn't for ``Generator.permutation``: a run resumed under another numpy sees the same order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .errors import ConfigError

WORDS_PER_COUNT = 4  # Philox gives four 64-bit words for each value of its counter
BLOCK = 1 << 18  # words sorted at once, unless one pass is longer: 2 MB


class ClassGroups(NamedTuple):
    """Images sorted by class."""

    images: np.ndarray  # (P,) image indices; P is the number of images, more where an image has several classes
    sizes: np.ndarray  # (C,) number of images of each class, in the order in which they lie in `images`


def group_by_class(labels: np.ndarray, num_classes: int, images: np.ndarray | None = None) -> ClassGroups:
    """Sort images by class, in time and memory that allow for millions of them.

    Args:
        labels: (P,) integers, ``0 <= label < num_classes``.
        images: (P,) image indices that belong to the labels. None stands for 0 … P - 1.

    Raises:
        ValueError: for a label outside the classes.
    """
    if len(labels) and not 0 <= labels.min() <= labels.max() < num_classes:
        first = np.flatnonzero((labels < 0) | (labels >= num_classes))[0]
        image = first if images is None else images[first]
        raise ConfigError(
            f'label {labels[first]} of image {image} is outside the {num_classes} classes, 0 to {num_classes - 1}'
        )
    # One word for label and place sorts faster, and in less memory, than argsort does.
    bits = max(len(labels) - 1, 1).bit_length()
    words = labels.astype(np.uint64)
    words <<= np.uint64(bits)
    words |= np.arange(len(labels), dtype=_index_type(len(labels)))
    words.sort()
    words &= np.uint64((1 << bits) - 1)
    places = words.astype(_index_type(len(labels)))
    return ClassGroups(places if images is None else images[places], np.bincount(labels, minlength=num_classes))


def class_aware_order(groups: ClassGroups, seed: int, start: int, stop: int) -> np.ndarray:
    """Image indices at the positions ``start`` to ``stop - 1`` of the endless class-aware sequence.

    Costs time and memory for ``stop - start`` positions and up to two passes over every image: ask for long runs.

    Args:
        groups: from :func:`group_by_class`; classes without images take no part.
        seed: ``0 <= seed < 2**64``.
        start, stop: ``0 <= start <= stop``.

    Returns:
        (stop - start,) indices from ``groups.images``.
    """
    sizes = groups.sizes[groups.sizes > 0]
    if start >= stop:
        return groups.images[:0]
    first, last = start // len(sizes), (stop - 1) // len(sizes) + 1
    draws = np.empty((len(sizes), last - first), dtype=groups.images.dtype)
    for index, (size, end) in enumerate(zip(sizes.tolist(), np.cumsum(sizes).tolist())):
        of_class = groups.images[end - size : end]
        draws[index] = of_class[shuffled_passes(size, seed, 1 + index, first, last)]
    order = np.empty(stop - start, dtype=groups.images.dtype)
    for begin in range(start, stop, BLOCK):
        end = min(begin + BLOCK, stop)
        cycles = np.arange(begin, end) // len(sizes) - first
        order[begin - start : end - start] = draws[shuffled_passes(len(sizes), seed, 0, begin, end), cycles]
    return order


def shuffled_passes(size: int, seed: int, stream: int, start: int, stop: int) -> np.ndarray:
    """Elements ``start`` to ``stop - 1`` of an endless sequence: one random order of ``range(size)`` after another.

    Args:
        size: at least 1.
        seed, stream: each ``0 <= … < 2**64``; different ones give independent sequences.
        start, stop: ``0 <= start < stop``.

    Returns:
        (stop - start,), of the smallest unsigned type.
    """
    elements = np.empty(stop - start, dtype=np.min_scalar_type(size - 1))
    counts = -(-size // WORDS_PER_COUNT)
    passes_at_once = max(1, BLOCK // (counts * WORDS_PER_COUNT))
    for first in range(start // size, (stop - 1) // size + 1, passes_at_once):
        last = min(first + passes_at_once, (stop - 1) // size + 1)
        words = (
            np.random.Philox(key=seed + (stream << 64), counter=first * counts)
            .random_raw((last - first) * counts * WORDS_PER_COUNT)
            .reshape(last - first, -1)[:, :size]
        )
        begin, end = max(start, first * size), min(stop, last * size)
        elements[begin - start : end - start] = _ranks(words).ravel()[begin - first * size : end - first * size]
    return elements


def _ranks(words: np.ndarray) -> np.ndarray:
    """Turns each row of random words into a random order of its columns, in place."""
    bits = np.uint64((words.shape[1] - 1).bit_length())
    # The column in the lowest bits makes a sort do for an argsort. Of at least 2**40 values for a million columns
    # two are hardly ever equal.
    words >>= bits
    words <<= bits
    words |= np.arange(words.shape[1], dtype=np.uint64)
    words.sort(axis=1)
    words &= (np.uint64(1) << bits) - np.uint64(1)
    return words


def _index_type(length: int) -> type:
    return np.uint32 if length <= 1 << 32 else np.uint64
