import random

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmgb.functional.random_streams import preserved_generators, seed_generators, stream_seed

KEYS = st.lists(st.integers(0, 2**64 - 1), max_size=4).map(tuple)


def draws():
    return random.random(), np.random.rand(), torch.rand(()).item()


@given(KEYS, KEYS)
def test_different_keys_have_different_seeds(one, other):
    assert (stream_seed(*one) == stream_seed(*other)) == (one == other)
    assert 0 <= stream_seed(*one) < 2**128


def test_seeds_are_the_same_for_every_version():
    # BLAKE2b of 128 bits over little-endian words; the first one hashes no bytes.
    assert stream_seed() == int.from_bytes(bytes.fromhex('cae66941d9efbd404e4d88758ea67670'), 'little')
    assert stream_seed(2**64 + 5, -1) == stream_seed(5, 2**64 - 1)


@given(st.integers(0, 2**128 - 1))
def test_a_seed_starts_every_generator(seed):
    with preserved_generators():
        seed_generators(seed)
        first = draws()
        draws()
        seed_generators(seed)
        assert draws() == first
        assert first[0] == random.Random(seed % 2**32).random()
        assert first[1] == np.random.RandomState(seed // 2**32 % 2**32).rand()
        assert first[2] == torch.rand((), generator=torch.Generator().manual_seed(seed >> 64)).item()


def test_the_states_are_those_before_the_block_also_after_an_error():
    with preserved_generators():
        seed_generators(1)
        expected = draws()
        seed_generators(1)
        try:
            with preserved_generators():
                seed_generators(2)
                raise KeyError
        except KeyError:
            assert draws() == expected


def test_streams_of_neighbouring_keys_are_independent():
    """The first draws of 4,096 streams are uniform and uncorrelated, as those of one stream would be."""
    found = []
    with preserved_generators():
        for step in range(4096):
            seed_generators(stream_seed(1, 0, step))
            found.append(draws())
    found = np.array(found)
    counts = np.stack([np.histogram(column, 16, (0, 1))[0] for column in found.T])
    assert (((counts - 256) ** 2 / 256).sum(1) < 44.3).all()  # chi-squared with 15 degrees of freedom, p = 1e-4
    shifted = np.concatenate([found[:-1], found[1:]], 1)
    correlations = np.corrcoef(shifted.T) - np.eye(6)
    assert np.abs(correlations).max() < 4.5 / np.sqrt(4095)
