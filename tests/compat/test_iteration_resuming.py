from types import SimpleNamespace

import pytest
from mmengine.dataset import InfiniteSampler
from mmengine.runner import loops
from torch.utils.data import DataLoader, Dataset

from mmgb import compat


def test_a_loop_of_mmengine_0_10_7_resumes_without_loading_the_batches_before(monkeypatch):
    loaded, trained = [], []

    class Numbers(Dataset):
        def __len__(self):
            return 20

        def __getitem__(self, index):
            loaded.append(index)
            return index

    def old_run(self):
        for _ in range(self._iter):  # 0.10.7 drops the batches before the resumed iteration
            next(self.dataloader_iterator)
        trained.append(next(self.dataloader_iterator).tolist())

    monkeypatch.delattr(loops._InfiniteDataloaderIterator, 'skip_iter', raising=False)
    monkeypatch.setattr(loops.IterBasedTrainLoop, 'run', old_run)
    compat.resume_by_skipping_in_the_sampler()
    data = Numbers()
    loader = DataLoader(data, batch_size=2, sampler=InfiniteSampler(data, shuffle=False))
    loops.IterBasedTrainLoop.run(SimpleNamespace(dataloader=loader, _iter=3))
    assert (loaded, trained) == ([6, 7], [[6, 7]])


@pytest.mark.slow
def test_mmengine_0_10_7_itself_loads_the_batches_before(unpatched_originals):
    """Once it skips them, `resume_by_skipping_in_the_sampler` goes."""
    assert unpatched_originals['loaded'] == [*range(8)]
