"""The endless class-aware sequence follows the paper's algorithm and depends only on the seed and the position."""

import random
from collections import Counter
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from mmgb.functional.class_aware_order import class_aware_order, group_by_class, shuffled_passes

SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=7)
SEEDS = st.integers(0, 2**64 - 1)


def labels_of(sizes, seed=0):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    np.random.default_rng(seed).shuffle(labels)
    return labels


def sequence(labels, seed, start, stop):
    return class_aware_order(group_by_class(labels, int(labels.max()) + 1), seed, start, stop)


@given(SIZES, SEEDS)
def test_a_cycle_contains_every_class_once_and_a_pass_over_a_class_every_image_once(sizes, seed):
    labels = labels_of(sizes)
    cycles = 3 * max(sizes)
    order = sequence(labels, seed, 0, cycles * len(sizes)).tolist()
    unused_classes, unused_images = [], {label: [] for label in range(len(sizes))}
    for image in order:  # the paper's lists, refilled when they are empty
        label = labels[image]
        unused_classes = unused_classes or list(range(len(sizes)))
        unused_classes.remove(label)
        unused_images[label] = unused_images[label] or np.flatnonzero(labels == label).tolist()
        unused_images[label].remove(image)


@given(SIZES, SEEDS, st.integers(0, 200), st.integers(0, 60), st.integers(0, 60))
def test_any_run_of_positions_is_a_slice_of_the_whole_sequence(sizes, seed, start, before, after):
    labels = labels_of(sizes)
    whole = sequence(labels, seed, start, start + before + after)
    np.testing.assert_array_equal(sequence(labels, seed, start + before, start + before + after), whole[before:])
    np.testing.assert_array_equal(sequence(labels, seed, start, start + before), whole[:before])


def test_runs_longer_than_a_block_are_continuous():
    labels = labels_of([300_000, 7, 1, 40_000])  # one pass longer than a block, many passes in one block
    whole = sequence(labels, 3, 0, 2_000_000)
    for start in (0, 262_140, 1_199_990, 1_999_000):
        np.testing.assert_array_equal(sequence(labels, 3, start, start + 1000), whole[start : start + 1000])
    assert (np.sort(labels[whole].reshape(-1, 4), axis=1) == np.arange(4)).all()
    of_largest = whole[labels[whole] == 0]
    assert len(np.unique(of_largest[:300_000])) == 300_000


@given(SIZES, SEEDS, st.integers(10**9, 10**15))
def test_distant_positions_are_computed_directly(sizes, seed, start):
    labels = labels_of(sizes)
    start -= start % len(sizes)
    assert sorted(labels[sequence(labels, seed, start, start + len(sizes))]) == list(range(len(sizes)))


def test_a_class_without_images_is_skipped():
    with_gap, without = np.array([0, 3, 3, 0, 3]), np.array([0, 1, 1, 0, 1])
    np.testing.assert_array_equal(class_aware_order(group_by_class(with_gap, 6), 1, 0, 50), sequence(without, 1, 0, 50))


def test_all_orders_of_classes_and_images_are_equally_frequent_over_seeds():
    labels = np.array([0, 1, 1, 1, 2, 2, 2, 2])
    classes, threes, fours, following, across = Counter(), Counter(), Counter(), Counter(), Counter()
    for seed in range(4000):
        order = sequence(labels, seed, 0, 36)
        drawn = labels[order].reshape(-1, 3)
        of_one, of_two = order[labels[order] == 1].reshape(-1, 3), order[labels[order] == 2].reshape(-1, 4)
        classes.update(map(tuple, drawn.tolist()))
        threes.update(map(tuple, of_one.tolist()))
        fours.update(map(tuple, of_two.tolist()))
        following[tuple(drawn[0]), tuple(drawn[1])] += 1  # neighbouring cycles are independent
        across[tuple(of_one[1]), tuple(drawn[1])] += 1  # and so are different lists
    for counts, orders in ((classes, 6), (threes, 6), (fours, 24), (following, 36), (across, 36)):
        assert len(counts) == orders
        assert chisquare(list(counts.values())).pvalue > 1e-3


def test_all_orders_are_equally_frequent_within_one_seed():
    orders = shuffled_passes(4, 7, 1, 0, 4 * 24_000).reshape(-1, 4)
    counts = Counter(map(tuple, orders.tolist()))
    assert set(counts) == set(permutations(range(4))) and chisquare(list(counts.values())).pvalue > 1e-3


def test_in_a_large_class_every_image_is_equally_likely_at_every_place():
    passes = shuffled_passes(1000, 11, 5, 0, 1000 * 400).reshape(-1, 1000).astype(float)
    for values in (passes[:, 0], passes[:, 999], passes.argsort(axis=1)[:, 17]):
        assert chisquare(np.histogram(values, bins=10, range=(0, 1000))[0]).pvalue > 1e-3
    # The mean rank correlation of neighbouring passes is 0, with standard deviation 1 / sqrt(399 * 999).
    centred = (passes - 499.5) / passes[0].std()
    assert abs((centred[1:] * centred[:-1]).mean()) < 4 / np.sqrt(399 * 999)


@given(st.lists(SEEDS, min_size=2, max_size=2, unique=True))
def test_different_seeds_give_different_sequences(seeds):
    labels = labels_of([9, 5, 4, 7])
    first, second = (sequence(labels, seed, 0, 100) for seed in seeds)
    assert (first != second).any()


def test_the_global_random_states_are_neither_read_nor_changed():
    def states():
        return random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()

    orders = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        before = states()
        orders.append(sequence(labels_of([3, 4, 5]), 9, 0, 100))
        assert states() == before
    np.testing.assert_array_equal(*orders)


def philox(counter, key):
    """Compute Philox 4x64 with 10 rounds (Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, 2011)."""
    word = 2**64 - 1
    x0, x1, x2, x3 = (counter >> 64 * part & word for part in range(4))
    k0, k1 = key & word, key >> 64
    for _ in range(10):
        high0, low0 = divmod(x0 * 0xD2E7470EE14C6C93, 2**64)
        high1, low1 = divmod(x2 * 0xCA5A826395121157, 2**64)
        x0, x1, x2, x3 = high1 ^ x1 ^ k0, low1, high0 ^ x3 ^ k1, low0
        k0, k1 = k0 + 0x9E3779B97F4A7C15 & word, k1 + 0xBB67AE8584CAA73B & word
    return [x0, x1, x2, x3]


@settings(max_examples=30)
@given(st.integers(1, 30), SEEDS, st.integers(0, 1000), st.integers(0, 10**6))
def test_a_pass_sorts_the_words_of_philox_under_any_version_of_numpy(size, seed, stream, index):
    counts = -(-size // 4)
    words = [word for step in range(counts) for word in philox(index * counts + step + 1, seed + (stream << 64))]
    expected = sorted(range(size), key=words[:size].__getitem__)
    assert shuffled_passes(size, seed, stream, index * size, (index + 1) * size).tolist() == expected


@given(st.lists(st.integers(0, 5), max_size=40), st.sampled_from([np.int8, np.int32, np.int64, np.uint64]))
def test_grouping_sorts_images_by_class_and_is_stable(labels, dtype):
    groups = group_by_class(np.array(labels, dtype=dtype), 6)
    assert groups.images.tolist() == sorted(range(len(labels)), key=labels.__getitem__)
    assert groups.sizes.tolist() == [labels.count(label) for label in range(6)]


def test_an_image_with_several_classes_is_drawn_for_each_of_them():
    groups = group_by_class(np.array([0, 2, 1, 2]), 3, images=np.array([5, 5, 6, 7]))
    assert groups.images.tolist() == [5, 6, 5, 7]
    drawn = class_aware_order(groups, 0, 0, 6)
    assert Counter(drawn.tolist()) == {5: 3, 6: 2, 7: 1}  # image 5 twice for class 0, once for class 2


@pytest.mark.parametrize(
    'labels, images, message',
    [
        ([0, 1, 3, 1], None, 'label 3 of image 2 is outside the 3 classes, 0 to 2'),
        ([0, -1], [8, 9], 'label -1 of image 9 is outside the 3 classes, 0 to 2'),
    ],
)
def test_a_label_outside_the_classes_is_rejected_with_its_image(labels, images, message):
    with pytest.raises(ValueError, match=message):
        group_by_class(np.array(labels), 3, images if images is None else np.array(images))


def with_images_in_a_row(labels, seed, in_a_row, length):
    """MMDetection's algorithm: the next class gives the next ``in_a_row`` images of its endless list."""
    groups = group_by_class(labels, int(labels.max()) + 1)
    members = np.split(groups.images, np.cumsum(groups.sizes)[:-1])
    classes = shuffled_passes(len(members), seed, 0, 0, length)
    drawn, taken = [], Counter()
    for label in classes.tolist():
        size = len(members[label])
        order = shuffled_passes(size, seed, 1 + label, 0, taken[label] + in_a_row)
        drawn += members[label][order[taken[label] :]].tolist()
        taken[label] += in_a_row
    return drawn[:length]


@given(SIZES, SEEDS, st.integers(1, 12), st.integers(0, 40), st.integers(0, 60))
def test_several_images_of_a_class_in_a_row_are_those_of_mmdetections_algorithm(sizes, seed, in_a_row, start, length):
    labels = labels_of(sizes)
    groups = group_by_class(labels, int(labels.max()) + 1)
    expected = with_images_in_a_row(labels, seed, in_a_row, start + length)
    assert class_aware_order(groups, seed, start, start + length, in_a_row).tolist() == expected[start:]


def test_several_images_in_a_row_continue_across_blocks():
    groups = group_by_class(labels_of([300, 7, 1, 40]), 4)
    whole = class_aware_order(groups, 3, 0, 600_000, 5)
    for start in (0, 262_139, 599_000):
        np.testing.assert_array_equal(class_aware_order(groups, 3, start, start + 1000, 5), whole[start : start + 1000])


@pytest.mark.parametrize('dtype', [np.int64, np.uint32, np.uint64])
def test_a_label_far_beyond_the_others_is_refused_instead_of_filling_the_memory(dtype):
    with pytest.raises(ValueError, match='label 1000000000: expected class indices from 0 without large gaps, at most'):
        group_by_class(np.array([0, 1, 10**9], dtype), 10**9 + 1)
