"""Resume iteration-based trainings without loading the batches before."""

import functools
import itertools


def resume_by_skipping_in_the_sampler():
    """Let an iteration-based training resume without loading the batches it has already seen.

    mmengine 0.10.7 loads and drops every such batch. onedl-mmengine instead tells the sampler how many samples to skip,
    if it has a method ``skip`` (mmengine's ``InfiniteSampler`` and mmgb's ``ClassAwareSampler`` do). For 0.10.7 this
    replaces the loop's iterator when a resumed run starts: the new one yields as many empty batches as the loop will
    drop, and then the batches after the skipped samples. Does nothing if mmengine's iterator has ``skip_iter``, for
    samplers without ``skip``, and for dataloaders with a custom batch sampler.
    """
    from mmengine.runner import loops

    loop = loops.IterBasedTrainLoop
    if hasattr(loops._InfiniteDataloaderIterator, 'skip_iter') or hasattr(loop.run, '__wrapped__'):
        return

    @functools.wraps(loop.run)
    def run(self):
        loader = self.dataloader
        if self._iter > 0 and loader.batch_size and hasattr(loader.sampler, 'skip'):
            loader.sampler.skip(self._iter * loader.batch_size)
            self.dataloader_iterator = itertools.chain(
                itertools.repeat(None, self._iter), loops._InfiniteDataloaderIterator(loader)
            )
        return run.__wrapped__(self)

    loop.run = run
