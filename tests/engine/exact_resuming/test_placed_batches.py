import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.dataset import DefaultSampler, InfiniteSampler
from torch.utils.data import BatchSampler, RandomSampler

from mmgb.datasets.samplers import ClassAwareSampler
from mmgb.engine.exact_resuming.placed_batches import PlacedBatches, rewind


class Labels(list):
    def get_gt_labels(self):
        return list(self)


LABELS = Labels([0] * 3 + [1] * 7)


def placed(sampler, size, drop_last=False, rank=0, world_size=1, seed=0):
    return PlacedBatches(BatchSampler(sampler, size, drop_last), sampler, rank, world_size, seed)


def take(batches, number):
    """Return the first ``number`` batches, beginning again whenever an epoch ends."""
    found = []
    while len(found) < number:
        found += [batch for batch, _ in zip(batches, range(number - len(found)))]
    return found


def samplers():
    return [
        DefaultSampler(LABELS, seed=1),
        ClassAwareSampler(LABELS, seed=1),
        ClassAwareSampler(LABELS, seed=1, infinite=True),
        InfiniteSampler(LABELS, seed=1),
    ]


@pytest.mark.parametrize('kind', range(4))
@settings(max_examples=30)
@given(st.integers(1, 12), st.booleans(), st.integers(0, 30))
def test_skipped_batches_are_those_that_would_have_come_first(kind, size, drop_last, skipped):
    size = min(size, len(LABELS)) if drop_last else size
    whole = take(placed(samplers()[kind], size, drop_last), skipped + 5)
    rest = placed(samplers()[kind], size, drop_last)
    rest.start_at(0, skipped)
    assert take(rest, 5) == whole[skipped:]


@pytest.mark.parametrize('kind', range(4))
def test_places_are_unique_and_count_the_samples_of_the_sampler(kind):
    batches = take(placed(samplers()[kind], 4), 9)
    places = [(index.epoch, index.position) for batch in batches for index in batch]
    assert len(set(places)) == len(places) and places == sorted(places)
    if kind > 1:
        assert places == [(0, position) for position in range(36)]
    else:
        assert places == [(epoch, position) for epoch in range(3) for position in range(10)]
        assert len({tuple(index.index for index in batch) for batch in batches}) == len(batches)  # a new order each


def test_two_ranks_have_the_places_of_one():
    def of_rank(rank, world_size):
        sampler = DefaultSampler(LABELS, seed=1)
        sampler.rank, sampler.world_size, sampler.num_samples = rank, world_size, 10 // world_size
        return {index for batch in placed(sampler, 3, rank=rank, world_size=world_size) for index in batch}

    assert of_rank(0, 2) | of_rank(1, 2) == of_rank(0, 1) and not of_rank(0, 2) & of_rank(1, 2)


def test_an_epoch_whose_batches_were_all_trained_is_empty():
    batches = placed(DefaultSampler(LABELS, seed=1), 5)
    batches.start_at(3, 2)
    assert list(batches) == [] and {index.epoch for batch in batches for index in batch} == {4}


def test_it_is_the_batch_sampler_otherwise_and_can_be_sent_to_a_process():
    batches = pickle.loads(pickle.dumps(placed(DefaultSampler(LABELS, seed=1), 4, drop_last=True)))
    assert (len(batches), batches.batch_size, batches.drop_last) == (2, 4, True)
    with pytest.raises(AttributeError, match='colour'):
        _ = batches.colour


def test_rewinding_makes_an_endless_sampler_begin_again():
    sampler = InfiniteSampler(LABELS, seed=1)
    first = take(placed(sampler, 3), 2)
    assert list(placed(sampler, 3)) == []  # its generator ended with the iterator
    rewind(sampler)
    assert take(placed(sampler, 3), 2) == first


@pytest.mark.parametrize('generator', [None, 5], ids=['global', 'its own'])
def test_the_order_of_torchs_samplers_depends_on_seed_and_epoch_alone(generator):
    def order(epoch, seed=0, draws=0):
        torch.rand(draws)
        own = None if generator is None else torch.Generator().manual_seed(generator)
        batches = placed(RandomSampler(LABELS, generator=own), 3, seed=seed)
        batches.start_at(epoch, 0)
        return [index.index for batch in batches for index in batch]

    first = order(0)
    assert sorted(first) == list(range(10)) and order(0, draws=7) == first
    assert len({tuple(order(epoch, seed)) for epoch in range(3) for seed in range(3)}) == 9
    state = torch.get_rng_state()
    order(1)
    assert torch.equal(torch.get_rng_state(), state)
