"""Make a resumed training equal to an uninterrupted one, and its data independent of the number of workers."""

from __future__ import annotations

import logging
from typing import Any

from mmengine.dist import get_dist_info
from mmengine.hooks import Hook
from mmengine.logging import print_log
from torch.utils.data import DataLoader, IterableDataset

from mmgb.engine.exact_resuming.loop_start import (
    is_iteration_based,
    is_resumed,
    number_batches_from,
    restart_iteration,
)
from mmgb.engine.exact_resuming.placed_batches import PlacedBatches, rewind
from mmgb.engine.exact_resuming.seeded_samples import SeededSamples
from mmgb.engine.exact_resuming.training_place import KEY, TrainingPlace, batches_to_skip, place_in_checkpoint
from mmgb.functional.random_streams import seed_generators, stream_seed
from mmgb.registry import HOOKS

from .resumed_validation_hook import ResumedValidationHook

EPOCH, ITERATION, VALIDATION = 0, 1, 4  # first parts of the keys; see SAMPLE in seeded_samples, ORDER in placed_batches


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Make every random draw of a training a function of its seed and its place, and resume at the exact place.

    mmengine seeds the generators once, and again when it resumes: a resumed training repeats the dropout masks and
    augmentations of its beginning. With this hook there is no state to lose:

    - Each iteration and epoch, and each batch of a validation, starts the generators of Python, numpy, torch and CUDA
      from the seed and its number. With mmengine's ``randomness.diff_rank_seed=True`` the seeds of the ranks differ.
    - Each sample is loaded with generators that start from (seed, epoch, position, index), so that its augmentation
      depends neither on ``num_workers``, prefetching and validation nor on the number of processes.
    - A checkpoint holds the place in the sequence of samples (key ``exact_resume``) and the seed of the sampler. A
      training resumes with the next batch, in the middle of an epoch too, without loading the batches before.
    - A resumed training first repeats the validation that follows its checkpoint, which ``ReduceOnPlateauLR``,
      ``EarlyStoppingHook`` and the best checkpoint depend on; see :class:`ResumedValidationHook`.

    The hook serves epoch-based and iteration-based loops with any sampler. If a checkpoint was written without it, or
    by another number of processes or batch size, one line in the log says what will differ.

    What stays different: gradients that were accumulated but not applied are lost, so save at multiples of
    ``accumulative_counts``; BatchNorm statistics of all ranks become those of rank 0, which changes validations of
    their own but no training step. On a GPU bit-equal results also need ``randomness.deterministic=True``.
    """

    priority = 'HIGHEST'  # the generators start before another hook draws from them

    def __init__(self) -> None:
        self.resumed: TrainingPlace | None = None
        self.epoch = 0
        self.trained = 0  # batches of this epoch; in an iteration-based loop, of the whole training

    def before_run(self, runner: Any) -> None:
        add_resumed_validation(runner)

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        add_resumed_validation(runner)  # mmengine's FlexibleRunner loads before `before_run`
        self.resumed = place_in_checkpoint(checkpoint)

    def before_train(self, runner: Any) -> None:
        loop = runner.train_loop
        if not is_resumed(runner):
            self.resumed = None
        elif self.resumed is None:
            _warn(
                f"The checkpoint has no '{KEY}', because it was written without mmgb.ExactResumeHook: training goes on "
                'with the next samples, but their augmentation and the dropout masks are not those of the run that '
                'wrote it.'
            )
        if not place_samples(loop.dataloader, shared_seed(runner)):
            _warn(
                'mmgb.ExactResumeHook cannot place the samples of this data loader, because it has no batch sampler '
                'over a map-style data set: its augmentation depends on num_workers and on when training is resumed.'
            )
        self.trained = self._first_batch(loop)
        if runner.val_loop is not None:
            place_samples(runner.val_loop.dataloader, shared_seed(runner))

    def before_train_epoch(self, runner: Any) -> None:
        loop = runner.train_loop
        seed_generators(stream_seed(EPOCH, runner.seed, loop.epoch), cuda=True)
        if self.epoch != loop.epoch:
            self.epoch, self.trained = loop.epoch, 0
        batches = loop.dataloader.batch_sampler
        if not isinstance(batches, PlacedBatches):
            return
        if is_iteration_based(loop):
            batches.start_at(0, self.trained)
            rewind(batches.sampler)
            restart_iteration(loop)
        else:
            batches.start_at(loop.epoch, self.trained)
            number_batches_from(loop, self.trained)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        seed_generators(stream_seed(ITERATION, runner.seed, runner.iter), cuda=True)

    def before_val_epoch(self, runner: Any) -> None:
        batches = runner.val_loop.dataloader.batch_sampler
        if isinstance(batches, PlacedBatches):
            batches.start_at(runner.iter, 0)

    def before_val_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        # Not once an epoch: a data loader draws from the generators, if its workers are new.
        seed_generators(stream_seed(VALIDATION, runner.seed, runner.iter, batch_idx), cuda=True)

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        self.trained += 1

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        loop = runner.train_loop
        goes_on = is_iteration_based(loop) or checkpoint['meta']['epoch'] == self.epoch
        place = current_place(loop.dataloader, self.trained if goes_on else 0)
        checkpoint[KEY] = place._asdict()

    def _first_batch(self, loop: Any) -> int:
        """Return how many batches of the first epoch, or of the training, an earlier run has trained."""
        self.epoch = loop.epoch
        here, there = current_place(loop.dataloader, 0), self.resumed
        if there is None:
            if is_iteration_based(loop):
                return loop.iter
            return max(0, min(loop.iter - loop.epoch * len(loop.dataloader), len(loop.dataloader)))
        if there.sampler_seed not in (None, here.sampler_seed):  # drawn anew, if the config has no seed
            real_sampler(loop.dataloader).seed = there.sampler_seed
        if (here.batch_size, here.world_size) != (there.batch_size, there.world_size):
            _warn(
                f'The checkpoint was written by {there.world_size} processes with batches of {there.batch_size}, and '
                f'this run has {here.world_size} with batches of {here.batch_size}: training goes on with the next '
                'samples in the same order, but in other batches, so its losses differ.'
            )
        return batches_to_skip(there, here.batch_size, here.world_size)


def add_resumed_validation(runner: Any) -> None:
    """Register ``ResumedValidationHook`` unless the runner has it."""
    if not any(isinstance(hook, ResumedValidationHook) for hook in runner.hooks):
        runner.register_hook(ResumedValidationHook())


def place_samples(loader: DataLoader, seed: int) -> bool:
    """Let a data loader tell each sample its place and seed the generators for it.

    Args:
        loader (DataLoader): loader to change.
        seed (int): seed of the training, the same for all processes.

    Returns:
        bool: False if the loader has no batch sampler or its data set no indices; it is then unchanged.
    """
    if loader.batch_sampler is None or isinstance(loader.dataset, IterableDataset):
        return False
    try:
        loader.dataset.__getitems__ = SeededSamples(loader.dataset, seed)
    except AttributeError:  # a list or another built-in container
        return False
    # DataLoader forbids a later assignment, because it could contradict the other arguments; this one doesn't.
    batches, sampler = loader.batch_sampler, real_sampler(loader)
    vars(loader)['batch_sampler'] = PlacedBatches(batches, sampler, *get_dist_info(), seed=seed)
    return True


def real_sampler(loader: DataLoader) -> Any:
    """Return the sampler whose indices a data loader uses, also below a batch sampler of the config."""
    return getattr(loader.batch_sampler, 'sampler', loader.sampler)


def shared_seed(runner: Any) -> int:
    """Return the seed of a training without the rank that ``randomness.diff_rank_seed=True`` adds to it."""
    rank, _ = get_dist_info()
    return runner.seed - (rank if runner._randomness_cfg.get('diff_rank_seed') else 0)


def current_place(loader: DataLoader, trained: int) -> TrainingPlace:
    """Return the place of this run after ``trained`` batches."""
    _, world_size = get_dist_info()
    batch_size = loader.batch_size or getattr(loader.batch_sampler, 'batch_size', None) or 1
    return TrainingPlace(trained, batch_size, world_size, getattr(real_sampler(loader), 'seed', None))


def _warn(message: str) -> None:
    print_log(message, 'current', logging.WARNING)
