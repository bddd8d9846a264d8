from types import SimpleNamespace

import pytest
from mmengine.runner.loops import _InfiniteDataloaderIterator
from torch.utils.data import DataLoader

from mmgb.engine.exact_resuming.loop_start import (
    PlacedIterator,
    is_iteration_based,
    number_batches_from,
    restart_iteration,
)


class EpochLoop:
    def run_iter(self, index, data_batch):
        return index, data_batch


def test_batches_are_numbered_from_the_first_one_until_that_is_0():
    loop = EpochLoop()
    number_batches_from(loop, 3)
    assert [loop.run_iter(index, 'batch') for index in range(2)] == [(3, 'batch'), (4, 'batch')]
    number_batches_from(loop, 0)
    assert loop.run_iter(0, 'batch') == (0, 'batch') and vars(loop) == {}


@pytest.mark.parametrize('drops', [True, False], ids=['mmengine 0.10.7', 'onedl-mmengine'])
def test_a_resumed_loop_gets_the_first_batch_however_it_skips(drops, monkeypatch):
    if drops:
        monkeypatch.delattr(_InfiniteDataloaderIterator, 'skip_iter', raising=False)
    else:
        monkeypatch.setattr(_InfiniteDataloaderIterator, 'skip_iter', None, raising=False)
    batches = PlacedIterator(DataLoader(range(10), batch_size=2), 3)
    if drops:
        assert [next(batches) for _ in range(3)] == [None] * 3
    else:
        batches.skip_iter(3)
    assert next(batches).tolist() == [0, 1]


def test_an_iteration_based_loop_starts_its_loader_again():
    loader = DataLoader(range(10), batch_size=2)
    loop = SimpleNamespace(dataloader=loader, iter=0, dataloader_iterator=_InfiniteDataloaderIterator(loader))
    next(loop.dataloader_iterator)
    assert is_iteration_based(loop) and not is_iteration_based(EpochLoop())
    restart_iteration(loop)
    assert next(loop.dataloader_iterator).tolist() == [0, 1]
