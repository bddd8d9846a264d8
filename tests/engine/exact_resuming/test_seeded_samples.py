import pickle
import random

import numpy as np
import torch

from mmgb.engine.exact_resuming.placed_batches import PlacedIndex
from mmgb.engine.exact_resuming.seeded_samples import SeededSamples
from mmgb.functional.random_streams import preserved_generators


class Draws:
    """Samples that draw from each generator, as often as their index says."""

    def __getitem__(self, index):
        for _ in range(index):
            sample = index, random.random(), np.random.rand(), torch.rand(()).item()
        return sample


def test_a_sample_depends_only_on_seed_and_place():
    a, b = PlacedIndex(3, 0, 5), PlacedIndex(1, 0, 6)
    load = SeededSamples(Draws(), 7)
    with preserved_generators():
        np.random.seed(1)
        before = np.random.get_state()[1].tobytes(), random.getstate(), torch.get_rng_state().tolist()
        first, second = load([a, b])
        assert (np.random.get_state()[1].tobytes(), random.getstate(), torch.get_rng_state().tolist()) == before
        np.random.seed(2)
        assert load([b]) == [second] and load([b, a]) == [second, first]
    assert pickle.loads(pickle.dumps(load))([a]) == [first]


def test_every_part_of_seed_and_place_changes_the_draws():
    places = [PlacedIndex(3, 0, 5), PlacedIndex(4, 0, 5), PlacedIndex(3, 1, 5), PlacedIndex(3, 0, 6)]
    samples = [*SeededSamples(Draws(), 7)(places), *SeededSamples(Draws(), 8)(places[:1])]
    for generator in (1, 2, 3):
        assert len({sample[generator] for sample in samples}) == len(samples)


def test_indices_that_are_no_numbers_are_placed_by_position():
    names = {'a': 1, 'b': 2}

    class Named:
        def __getitem__(self, index):
            return names[index], random.random()

    (first, one), (second, other) = SeededSamples(Named(), 0)([PlacedIndex('a', 0, 0), PlacedIndex('b', 0, 1)])
    assert (first, second) == (1, 2) and one != other


def test_another_loader_of_the_data_set_draws_on():
    load = SeededSamples(Draws(), 7)
    with preserved_generators():
        first, second = load([1]), load([1])
        assert first != second
