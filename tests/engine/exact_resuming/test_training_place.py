import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.engine.exact_resuming.training_place import KEY, TrainingPlace, batches_to_skip, place_in_checkpoint
from mmgb.functional.errors import ConfigError

PLACE = TrainingPlace(batches=7, batch_size=4, world_size=2, sampler_seed=None)


def test_a_place_is_read_as_it_was_written():
    for place in (PLACE, PLACE._replace(sampler_seed=2**64 - 1)):
        assert place_in_checkpoint({KEY: place._asdict()}) == place
    assert place_in_checkpoint({}) is None


@pytest.mark.parametrize(
    ('change', 'expected'),
    [
        (dict(batches=-1), 'batches to be an integer from 0 to 2147483647, got -1'),
        (dict(batches=True), 'batches to be an integer'),
        (dict(batch_size=0), 'batch_size to be an integer from 1'),
        (dict(world_size='2'), 'world_size to be an integer from 1'),
        (dict(sampler_seed=2**64), 'sampler_seed to be an integer from 0'),
        (dict(extra=1), f'expected {KEY} to be a dict of batches, '),
    ],
)
def test_a_malformed_place_is_refused(change, expected):
    with pytest.raises(ConfigError, match=expected):
        place_in_checkpoint({KEY: PLACE._asdict() | change})
    with pytest.raises(ConfigError, match='to be a dict of batches'):
        place_in_checkpoint({KEY: [1]})


@given(st.integers(0, 10**6), st.integers(1, 512), st.integers(1, 64), st.integers(1, 512), st.integers(1, 64))
def test_other_batches_go_on_with_the_sample_after_the_last_whole_batch(batches, size, world, new_size, new_world):
    skipped = batches_to_skip(TrainingPlace(batches, size, world, None), new_size, new_world)
    assert 0 <= batches * size * world - skipped * new_size * new_world < new_size * new_world
    assert batches_to_skip(PLACE, 4, 2) == PLACE.batches
