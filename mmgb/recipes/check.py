"""Train a config for a few optimiser steps as it is, and report whether the loss falls."""

from __future__ import annotations

import copy
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgb.apis.dataloaders import set_dataloader_defaults
from mmgb.apis.launch import has_accelerator
from mmgb.apis.runner import build_runner
from mmgb.apis.training_options import check_amp, skip_validation
from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import one_line

from .image_size import set_image_size
from .measured_steps import MeasuredSteps, StepsDone
from .name import parse_name
from .peak_memory import peak_memory, reset_peak_memory
from .stand_ins import drop_missing_weights, find_missing_data, make_data
from .verdict import first_loss, judge, last_loss


class CheckOptions(NamedTuple):
    """Options of a check.

    Attributes:
        steps: number of optimiser steps.
        batch_size: images per optimiser step over all processes; None for the config's.
        micro_batch: most images that go through the network together; None for the config's batch per process.
        image_size: side of the images in pixels; None for the config's.
    """

    steps: int = 60
    batch_size: int | None = None
    micro_batch: int | None = None
    image_size: int | None = None


def check_recipe(cfg: Config, options: CheckOptions) -> dict:
    """Train ``options.steps`` steps of a config and return the measurements, for JSON.

    Width, optimizer, learning-rate schedule, clipping, losses, pipeline and hooks are the config's. A batch is that of
    all processes which the config's name announces, accumulated from micro-batches of one process's size; batch norm
    sees a micro-batch, as it does without SyncBN. Missing data are replaced by made images, missing pretrained weights
    by random ones. There is no validation and no checkpoint, and samples are loaded in this process.

    Args:
        cfg (Config): config as loaded from its file; it is not changed.
        options (CheckOptions): length and size of the check.

    Returns:
        dict: ``verdict`` ('falls', 'level', 'rises' or 'diverges'; see :mod:`mmgb.recipes.verdict`), the loss of each
        step, norms of the gradients before clipping, ratios of update and weights, time, memory, and the settings and
        stand-ins that were used.

    Raises:
        ConfigError: if the config can't be built, or its network does not take the image size.
    """
    cfg, name = copy.deepcopy(cfg), parse_name(cfg.filename)
    if options.image_size is not None:
        name = name._replace(side=options.image_size)
        set_image_size(cfg, options.image_size)
    per_process = cfg.train_dataloader.get('batch_size', 1)
    batch = options.batch_size or name.processes * per_process
    micro_batch = largest_divisor(batch, options.micro_batch or per_process)
    with tempfile.TemporaryDirectory() as folder, DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        weights = drop_missing_weights(cfg.model)
        missing = find_missing_data(cfg)
        if missing:
            make_data(cfg, name, Path(folder))
        prepare(cfg, batch, batch // micro_batch, folder)
        reset_peak_memory()
        measured = train(cfg, MeasuredSteps(options.steps, batch // micro_batch), options.image_size)
        peak = peak_memory()
    return dict(
        verdict='diverges' if measured.diverged else judge(measured.losses),
        steps=len(measured.losses),
        batch=batch,
        config_batch=name.processes * per_process,
        micro_batch=micro_batch,
        data='made' if missing else 'real',
        missing_data=missing,
        missing_weights=weights,
        first_loss=rounded(first_loss(measured.losses)),
        last_loss=rounded(last_loss(measured.losses)),
        losses=[rounded(loss) for loss in measured.losses],
        gradient_norm=dict(median=rounded(median(measured.gradient_norms)), max=rounded(max(measured.gradient_norms))),
        update_ratio=summarize_ratios(measured.ratios),
        seconds_per_step=rounded(median(measured.seconds)),
        peak_bytes=peak,
    )


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
        ConfigError: if the config can't be built, its training has no optimiser step, or its network does not take
            the image size.
    """
    runner = build_runner(cfg, ('train_loop',))
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


def summarize_ratios(ratios: Mapping[str, Sequence[float]]) -> dict:
    """Return the median over the steps for each layer, and the median and largest of them with its layer."""
    layers = {layer: median(values) for layer, values in ratios.items() if values}
    largest = max(layers, key=layers.__getitem__)
    return dict(
        median=rounded(median(layers.values())),
        max=rounded(layers[largest]),
        max_layer=largest,
        layers={layer: rounded(value) for layer, value in layers.items()},
    )


def largest_divisor(number: int, limit: int) -> int:
    """Return the largest divisor of ``number`` that does not exceed ``limit``; both are at least 1."""
    return next(divisor for divisor in range(min(number, limit), 0, -1) if number % divisor == 0)


def rounded(value: float) -> float | str:
    """Return a number with four significant digits; as text if it is NaN or infinite, which JSON has no number for."""
    return float(f'{value:.4g}') if math.isfinite(value) else str(value)
