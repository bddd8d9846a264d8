"""Train a config for a few steps in this process, without validation, checkpoints and logs."""

from __future__ import annotations

from mmengine.config import Config

from mmgb.apis.dataloaders import set_dataloader_defaults
from mmgb.apis.launch import has_accelerator
from mmgb.apis.resume import build_with_weights
from mmgb.apis.runner import build_runner
from mmgb.apis.training_options import check_amp, skip_validation
from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import one_line

from .measured_steps import MeasuredSteps, StepsDone


def prepare(cfg: Config, batch: int, parts: int, folder: str) -> None:
    """Prepare a config in place for a training of a few steps in this process.

    Args:
        cfg (Config): config to change.
        batch (int): images per optimiser step.
        parts (int): number of micro-batches per batch.
        folder (str): work directory.
    """
    check_amp(cfg, has_accelerator())
    skip_validation(cfg)
    cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
    cfg.launcher, cfg.work_dir, cfg.experiment_name, cfg.log_level = 'none', folder, folder, 'ERROR'
    cfg.resume = False  # it measures first steps
    cfg.visualizer = None  # one of a fixed name would be shared by all configs of a process, with its folder
    cfg.setdefault('randomness', dict(seed=0))
    cfg.train_dataloader.update(batch_size=batch, num_workers=0)
    cfg.train_dataloader.pop('prefetch_factor', None)  # torch refuses it without workers
    set_dataloader_defaults(cfg, ('train_dataloader',), has_accelerator())
    cfg.optim_wrapper.accumulative_counts = parts * cfg.optim_wrapper.get('accumulative_counts', 1)
    hooks = cfg.setdefault('default_hooks', {})
    hooks.update(checkpoint=None, logger=None)
    hooks.pop('visualization', None)


def train(cfg: Config, measured: MeasuredSteps, image_size: int | None) -> MeasuredSteps:
    """Build the runner of a prepared config, train until ``measured`` has its steps, and return it.

    Args:
        cfg (Config): prepared config.
        measured (MeasuredSteps): hook without steps yet.
        image_size (int | None): value of ``--image-size``, for the error message.

    Raises:
        ConfigError: if the config can't be built, ``load_from`` can't be read or doesn't fit, its training has no
            optimiser step, or its network does not take the image size.
    """
    runner = build_with_weights(cfg, lambda cfg: build_runner(cfg, ('train_loop',)))
    runner.register_hook(measured, 'VERY_LOW')  # after the hooks that check the config
    try:
        runner.train()
    except StepsDone:
        pass
    except RuntimeError as error:  # of torch, for shapes that do not fit
        if image_size is None or measured.losses:
            raise
        raise ConfigError(
            f'--image-size={image_size}: expected a size that the network takes, got {one_line(error)}'
        ) from error
    if not measured.losses:
        raise ConfigError(f"config='{cfg.filename}': expected an optimiser step in its training, got none")
    return measured
