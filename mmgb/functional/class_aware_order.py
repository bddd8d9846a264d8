"""Class-aware sampling as a pure function of a position.

Source: Shen, Lin, Huang, *Relay Backpropagation for Effective Learning of Deep Convolutional Neural Networks*
(arXiv:1512.05830), Section 5.1: one list of classes, and one list of images for each class. A sample is the next image
in the list of the next class. A list is shuffled again when its end is reached.

With C classes, position p of the endless sequence is in cycle ``k = p // C``. Each cycle contains every class once, so
position p is the k-th draw of its class. Both kinds of list are endless sequences of shuffled copies of ``range(n)``::

    class(p) = shuffled_passes(C)[p]        image(p) = images of class(p)[shuffled_passes(n_class(p))[k]]

MMDetection's sampler draws m images of a class in a row. Position p is then that of image ``p % m`` of turn
``t = p // m``, and a cycle has C turns: ``class(p) = shuffled_passes(C)[t]``, whose draw is ``t // C * m + p % m``.

The i-th shuffled copy of ``range(n)`` depends only on the seed, the list and i: it sorts the words that the
counter-based generator Philox returns for counters from ``i * ceil(n / 4)`` under a key made of seed and list. There is
no state, so any position can be computed directly. numpy guarantees Philox's raw words for all versions, but not the
results of ``Generator.permutation``: a run resumed under another version of numpy sees the same order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .errors import ConfigError

WORDS_PER_COUNT = 4  # Philox gives four 64-bit words for each value of its counter
MOST_CLASSES = 1 << 20  # unless there are more samples; a label of 10**9 would take gigabytes
BLOCK = 1 << 18  # words sorted at once (2 MB), unless one pass is longer


class ClassGroups(NamedTuple):
    """Images sorted by class.

    Attributes:
        images: image indices sorted by class, shape (P,). An image with several classes appears once per class.
        sizes: number of images of each class, shape (C,).
    """

    images: np.ndarray
    sizes: np.ndarray


def group_by_class(labels: np.ndarray, num_classes: int, images: np.ndarray | None = None) -> ClassGroups:
    """Sort images by class; fast enough for millions of images.

    Args:
        labels: integer labels, ``0 <= label < num_classes``, shape (P,).
        num_classes: number of classes.
        images: index of the image that each label belongs to, shape (P,). None: 0, …, P - 1.

    Raises:
        ConfigError: if a label is outside the classes, or if there are more than ``MOST_CLASSES`` and more than labels.
    """
    if len(labels) and not 0 <= labels.min() <= labels.max() < num_classes:
        first = np.flatnonzero((labels < 0) | (labels >= num_classes))[0]
        image = first if images is None else images[first]
        raise ConfigError(
            f'label {labels[first]} of image {image} is outside the {num_classes} classes, 0 to {num_classes - 1}'
        )
    labels = labels.astype(np.int64, copy=False)
    if num_classes > max(MOST_CLASSES, len(labels)):
        raise ConfigError(
            f'label {labels.max(initial=-1)}: expected class indices from 0 without large gaps, at most '
            f'{MOST_CLASSES - 1}, got {num_classes} classes for {len(labels)} labels'
        )
    # Sorting words that combine label and place is faster than argsort and needs less memory.
    bits = max(len(labels) - 1, 1).bit_length()
    words = labels.astype(np.uint64)
    words <<= np.uint64(bits)
    words |= np.arange(len(labels), dtype=_index_type(len(labels)))
    words.sort()
    words &= np.uint64((1 << bits) - 1)
    places: np.ndarray = words.astype(_index_type(len(labels)))
    return ClassGroups(places if images is None else images[places], np.bincount(labels, minlength=num_classes))


def class_aware_order(groups: ClassGroups, seed: int, start: int, stop: int, num_sample_class: int = 1) -> np.ndarray:
    """Return the images at positions ``start`` to ``stop - 1`` of the endless class-aware sequence.

    Time and memory are proportional to ``stop - start`` plus up to twice the number of images, so long runs are more
    efficient than short ones.

    Args:
        groups: images by class, from :func:`group_by_class`. Classes without images are skipped.
        seed: seed of the sequence, ``0 <= seed < 2**64``.
        start: first position, at least 0.
        stop: position after the last one, at least ``start``.
        num_sample_class: number of images of a class in a row, at least 1. Default: 1.

    Returns:
        Indices from ``groups.images``, shape (stop - start,).
    """
    sizes = groups.sizes[groups.sizes > 0]
    if start >= stop:
        return groups.images[:0]
    turns_before, turns_after = start // num_sample_class, (stop - 1) // num_sample_class + 1
    first, last = turns_before // len(sizes), (turns_after - 1) // len(sizes) + 1
    draws = np.empty((len(sizes), last - first, num_sample_class), dtype=groups.images.dtype)
    for index, (size, end) in enumerate(zip(sizes.tolist(), np.cumsum(sizes).tolist())):
        of_class = groups.images[end - size : end]
        passes = shuffled_passes(size, seed, 1 + index, first * num_sample_class, last * num_sample_class)
        draws[index] = of_class[passes].reshape(-1, num_sample_class)
    order = np.empty((turns_after - turns_before, num_sample_class), dtype=groups.images.dtype)
    for begin in range(turns_before, turns_after, BLOCK):
        end = min(begin + BLOCK, turns_after)
        cycles = np.arange(begin, end) // len(sizes) - first
        classes = shuffled_passes(len(sizes), seed, 0, begin, end)
        order[begin - turns_before : end - turns_before] = draws[classes, cycles]
    first_place = start - turns_before * num_sample_class
    return order.reshape(-1)[first_place : first_place + stop - start]


def shuffled_passes(size: int, seed: int, stream: int, start: int, stop: int) -> np.ndarray:
    """Return elements ``start`` to ``stop - 1`` of the endless concatenation of random orders of ``range(size)``.

    Args:
        size: number of elements to shuffle, at least 1.
        seed: seed, ``0 <= seed < 2**64``.
        stream: number of the sequence, ``0 <= stream < 2**64``. Different seeds or streams are independent.
        start: first position, at least 0.
        stop: position after the last one, greater than ``start``.

    Returns:
        Elements in the smallest unsigned integer type, shape (stop - start,).
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
    """Replace each row of random words by its column indices, sorted by their words, in place."""
    bits = np.uint64((words.shape[1] - 1).bit_length())
    # The lowest bits hold the column, so that sorting the words replaces an argsort. For a million columns
    # the remaining bits have more than 2**40 values, so that ties are very rare.
    words >>= bits
    words <<= bits
    words |= np.arange(words.shape[1], dtype=np.uint64)
    words.sort(axis=1)
    words &= (np.uint64(1) << bits) - np.uint64(1)
    return words


def _index_type(length: int) -> type:
    return np.uint32 if length <= 1 << 32 else np.uint64
