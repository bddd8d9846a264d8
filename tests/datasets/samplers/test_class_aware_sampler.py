"""ClassAwareSampler in mmengine's loops: ranks, epochs, resuming and invalid input."""

import random
import re
import tracemalloc
from itertools import chain, islice
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.registry import DATA_SAMPLERS
from mmengine.runner import Runner

from mmgb.datasets.samplers import ClassAwareSampler, class_aware_sampler
from mmgb.functional import class_aware_order, group_by_class
from mmgb.functional.errors import ConfigError

LABELS = np.repeat([0, 1, 2, 3], [2, 30, 5, 11])
SEQUENCE = class_aware_order(group_by_class(LABELS, 4), 7, 0, 10_000).tolist()


class Images:
    """A data set of labels without images."""

    def __init__(self, labels, classes=None):
        self.labels = np.asarray(labels)
        self.metainfo = dict(classes=classes)

    def __len__(self):
        return len(self.labels)

    def get_gt_labels(self):
        return self.labels

    def __getitem__(self, index):
        return index


def samplers(world_size, dataset=None, **options):
    """Make the samplers of all ranks; test_class_aware_sampler_resuming.py has a real process group."""
    made = []
    with pytest.MonkeyPatch.context() as patch:
        for rank in range(world_size):
            patch.setattr(class_aware_sampler, 'get_dist_info', lambda rank=rank: (rank, world_size))
            made.append(ClassAwareSampler(Images(LABELS) if dataset is None else dataset, **{'seed': 7, **options}))
    return made


def epoch_of(ranks, epoch):
    """Return the images of an epoch in the order of training with one image per rank and batch."""
    for sampler in ranks:
        sampler.set_epoch(epoch)
    mine = [list(sampler) for sampler in ranks]
    assert all(len(images) == len(sampler) for images, sampler in zip(mine, ranks))
    return list(chain.from_iterable(zip(*mine)))


@given(st.sampled_from([1, 2, 3, 8]), st.integers(8, 200), st.booleans())
def test_ranks_and_epochs_together_cover_one_sequence_without_gap_or_repetition(world_size, num_samples, round_up):
    ranks = samplers(world_size, num_samples=num_samples, round_up=round_up)
    epochs = [epoch_of(ranks, epoch) for epoch in range(4)]
    length = len(epochs[0])
    assert length % world_size == 0
    assert 0 <= (length - num_samples if round_up else num_samples - length) < world_size
    assert list(chain.from_iterable(epochs)) == SEQUENCE[: 4 * length]


@settings(max_examples=20)
@given(st.sampled_from([1, 2, 3, 8]), st.integers(1, 5))
def test_the_batches_of_all_ranks_are_consecutive_positions(world_size, batch_size):
    drawn = [iter(sampler) for sampler in samplers(world_size, infinite=True)]
    for step in range(6):
        batch = [list(islice(rank, batch_size)) for rank in drawn]
        first = step * batch_size * world_size
        assert sorted(chain.from_iterable(batch)) == sorted(SEQUENCE[first : first + batch_size * world_size])


def test_an_epoch_does_not_depend_on_iterating_the_epochs_before():
    walked, fresh = samplers(2), samplers(2)
    for epoch in range(3):
        epoch_of(walked, epoch)
    assert epoch_of(walked, 3) == epoch_of(fresh, 3)


@settings(max_examples=30)
@given(st.sampled_from([1, 2, 3, 8]), st.integers(0, 10**9))
def test_skip_continues_after_the_skipped_images(world_size, skipped):
    expected = class_aware_order(group_by_class(LABELS, 4), 7, skipped * world_size, (skipped + 20) * world_size)
    for rank, sampler in enumerate(samplers(world_size, infinite=True)):
        sampler.skip(skipped)
        assert list(islice(sampler, 20)) == expected[rank::world_size].tolist()


def test_iteration_continues_across_blocks_and_chunks(monkeypatch):
    monkeypatch.setattr(class_aware_sampler, 'SHORTEST_BLOCK', 10)
    monkeypatch.setattr(class_aware_sampler, 'CHUNK', 7)
    (sampler,) = samplers(1, infinite=True)
    assert list(islice(sampler, 5000)) == SEQUENCE[:5000]
    assert epoch_of(samplers(3, num_samples=900), 2) == SEQUENCE[1800:2700]


def test_only_an_infinite_sampler_has_skip():
    assert not hasattr(samplers(1)[0], 'skip')  # mmengine then iterates over the batches of an epoch
    with pytest.raises(ValueError, match='num_samples=-1: expected a number of samples to skip that is not negative'):
        samplers(1, infinite=True)[0].skip(-1)


def test_samples_with_several_classes_are_drawn_for_each():
    dataset = SimpleNamespace(metainfo={}, get_cat_ids=[[0, 1], [1], [0, 2], []].__getitem__)
    dataset = type('MultiLabel', (SimpleNamespace,), {'__len__': lambda self: 4})(**vars(dataset))
    (sampler,) = samplers(1, dataset, num_samples=12)
    counts = np.bincount(list(sampler), minlength=4)  # four cycles: 0 from {0, 2}, 1 from {0, 1}, 2 from {2}
    assert counts.tolist() == [4, 2, 6, 0]


def test_with_a_seed_global_random_state_is_neither_read_nor_changed():
    def states():
        return random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()

    before = states()
    assert epoch_of(samplers(2), 0) == SEQUENCE[: len(LABELS)]
    assert states() == before


def test_without_a_seed_one_is_drawn_as_in_mmengines_samplers():
    np.random.seed(3)
    (drawn,) = samplers(1, seed=None)
    np.random.seed(3)
    assert drawn.seed == np.random.randint(2**31)


@pytest.mark.parametrize('scope', ['mmengine', 'mmseg', 'mmpretrain'])
def test_every_host_builds_it_by_name_with_the_runners_seed(scope):
    with DATA_SAMPLERS.switch_scope_and_registry(scope):
        loader = Runner.build_dataloader(
            dict(dataset=Images(LABELS), batch_size=5, sampler=dict(type='mmgb.ClassAwareSampler', infinite=True)),
            seed=7,
        )
    assert [list(map(int, batch)) for batch in islice(loader, 3)] == [SEQUENCE[:5], SEQUENCE[5:10], SEQUENCE[10:15]]


def test_classes_without_images_are_dropped_after_one_warning_that_names_them(monkeypatch):
    shown = []
    monkeypatch.setattr(class_aware_sampler, 'print_log', lambda *message: shown.append(message))
    (sampler,) = samplers(1, Images([1, 3, 3], ['ape', 'bee', 'cow', 'dog', 'eel']), num_samples=4)
    assert sorted(sampler)[0] == 0 and sampler.groups.sizes.tolist() == [0, 1, 0, 2, 0]
    ((message, _, _),) = shown
    assert message.startswith('3 of 5 classes have no images: ape, cow, eel.')


@pytest.mark.parametrize(
    'labels, options, message',
    [
        ([0, 2, 2], dict(empty_classes='refuse'), "empty_classes='refuse': 1 of 3 classes have no images: 1; "),
        ([0, 1, 1], dict(empty_classes='keep'), "empty_classes='keep': expected 'drop' or 'refuse'"),
        ([1, 1, 1], {}, '1 of 2 classes have images: class-aware sampling needs at least two'),
        ([0, 1], dict(num_samples=2), 'num_samples=2: expected at least 3, the number of processes'),
        ([], {}, 'num_samples=0: expected at least 3, the number of processes'),
        ([0, 1, 1], dict(seed=-1), r'seed=-1: expected 0 <= seed < 2\*\*64'),
        ([0, -1, 1], {}, 'label -1 of image 1 is outside the 2 classes, 0 to 1'),
        ([[0.1], [0.2], [0.3]], {}, 'Images has no labels to sample by'),
    ],
)
def test_invalid_input_is_refused(labels, options, message):
    with pytest.raises(ValueError, match=message):
        samplers(3, Images(labels), **options)


def test_a_label_outside_the_named_classes_is_refused():
    with pytest.raises(ValueError, match='label 2 of image 1 is outside the 2 classes, 0 to 1'):
        samplers(1, Images([0, 2, 1], ['a', 'b']))


def test_a_data_set_cut_by_num_batch_per_epoch_is_refused():
    with pytest.raises(ValueError, match='num_batch_per_epoch truncates the data set to its first 6 samples'):
        Runner.build_dataloader(
            dict(
                dataset=Images(LABELS), batch_size=2, num_batch_per_epoch=3, sampler=dict(type='mmgb.ClassAwareSampler')
            ),
            seed=7,
        )


@pytest.mark.parametrize(
    'options, message',
    [
        *(
            ({name: value}, f'{name}={value!r}: expected an integer')
            for name in ('seed', 'num_samples', 'num_sample_class')
            for value in (1.5, float('nan'), float('inf'), True, '2', [1])
        ),
        *(
            ({name: value}, f'{name}={value!r}: expected True or False')
            for name in ('round_up', 'infinite')
            for value in (1, 'False', None)
        ),
        *((dict(num_sample_class=value), 'expected 1 to 1024') for value in (0, -1, 10**9)),
        (dict(num_sample_class=None), 'num_sample_class=None: expected an integer'),
    ],
)
def test_settings_of_other_types_are_refused(options, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        samplers(1, **options)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.uint32, np.uint64, np.int8])
@pytest.mark.parametrize('classes', [None, list('abcd')])
def test_the_sequence_does_not_depend_on_the_type_of_the_labels(dtype, classes):
    ranks = samplers(1, Images(LABELS.astype(dtype), classes))
    assert epoch_of(ranks, 0) == SEQUENCE[: len(LABELS)]


@pytest.mark.parametrize('kind', [np.uint8, np.int32, np.int64, np.uint64])
def test_integers_of_numpy_are_settings(kind):
    options = dict(seed=200, num_samples=250, num_sample_class=3)
    (expected,), (found,) = (
        samplers(1, **{name: convert(value) for name, value in options.items()}) for convert in (int, kind)
    )
    assert epoch_of([found], 5) == epoch_of([expected], 5) and len(found) == 250


@pytest.mark.parametrize('world_size', [1, 3])
def test_num_sample_class_images_of_a_class_follow_each_other(world_size):
    ranks = samplers(world_size, num_sample_class=4, num_samples=480)
    order = epoch_of(ranks, 0) + epoch_of(ranks, 1)
    runs = LABELS[order].reshape(-1, 4)
    assert (runs == runs[:, :1]).all()
    assert (np.sort(runs[:, 0].reshape(-1, 4), axis=1) == np.arange(4)).all()  # each class once per cycle
    assert set(order[: 4 * 4 * 8]) == set(range(len(LABELS)))  # 30 images of the largest class in 8 turns of 4


@pytest.mark.parametrize('labels', [[0, 1, 10**9], [[0], [1], [10**9]]])
def test_a_label_of_a_billion_is_refused_before_it_fills_the_memory(labels):
    dataset = Images(labels)
    if isinstance(labels[0], list):
        dataset = type('MultiLabel', (SimpleNamespace,), {'__len__': lambda self: 3})(get_cat_ids=labels.__getitem__)
    tracemalloc.start()
    with pytest.raises(ConfigError, match='label 1000000000: expected class indices from 0 without large gaps'):
        samplers(1, dataset)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6


def test_a_label_beyond_64_bits_is_refused():
    labels = [[0], [1], [10**30]]
    dataset = type('MultiLabel', (SimpleNamespace,), {'__len__': lambda self: 3})(get_cat_ids=labels.__getitem__)
    with pytest.raises(ConfigError, match='labels of the samples: expected class indices'):
        samplers(1, dataset)


def test_only_the_first_of_many_empty_classes_are_named(monkeypatch):
    shown = []
    monkeypatch.setattr(class_aware_sampler, 'print_log', lambda *message: shown.append(message))
    samplers(1, Images([0, 500_000]))
    assert shown[0][0].startswith(
        '499999 of 500001 classes have no images: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 499989 more.'
    )


@pytest.mark.slow
def test_an_image_takes_less_than_19_bytes_besides_its_label():
    sizes = np.linspace(4000, 30_000, 100).astype(int)  # as Places2, whose 8.1 million images take 150 MB
    dataset = Images(np.repeat(np.arange(100), sizes))
    tracemalloc.start()
    (sampler,) = samplers(1, dataset)
    sampler.set_epoch(3)
    for _ in sampler:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The constant part: two blocks of words, and Python's integers of a chunk.
    assert peak < 18.5 * len(dataset) + 8e6
