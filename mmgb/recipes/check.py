"""Train a config for a few optimiser steps as it is, and report whether the loss falls."""

from __future__ import annotations

import copy
import gc
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from mmengine.config import Config
from mmengine.registry import DefaultScope

from .image_size import set_image_size
from .measured_steps import MeasuredSteps
from .name import parse_name
from .peak_memory import peak_memory, reset_peak_memory
from .report_file import digest
from .short_training import prepare, train
from .stand_ins import drop_missing_checkpoint, drop_missing_weights, find_missing_data, make_data
from .verdict import first_loss, highest_loss, judge, last_loss

# Fields of a prepared config that decide the first steps of its training. A model_wrapper_cfg has no effect in the one
# process of a check.
TRAINING_FIELDS = ('default_scope', 'model', 'data_preprocessor', 'train_dataloader', 'train_cfg', 'optim_wrapper')
TRAINING_FIELDS += ('param_scheduler', 'default_hooks', 'custom_hooks', 'env_cfg', 'randomness', 'load_from')
TRAINING_FIELDS += ('runner_type', 'auto_scale_lr', 'compile')


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


def check_recipe(
    cfg: Config, options: CheckOptions, find_training: Callable[[str], dict | None] = lambda training: None
) -> dict:
    """Train ``options.steps`` steps of a config and return the measurements, for JSON.

    Width, optimizer, learning-rate schedule, clipping, losses, pipeline and hooks are the config's. A batch is that of
    all processes which the config's name announces, accumulated from micro-batches of one process's size; batch norm
    sees a micro-batch, as it does without SyncBN. Missing data are replaced by made images, missing pretrained weights
    by random ones. There is no validation and no checkpoint, and samples are loaded in this process.

    Args:
        cfg (Config): config as loaded from its file; it is not changed.
        options (CheckOptions): length and size of the check.
        find_training (Callable): function from the digest of a training, stand-ins included, to its measurements, or
            to None if it has to be run. Configs that differ in testing alone share a training. Default: always None.

    Returns:
        dict: ``training``, its digest; ``verdict`` ('falls', 'level', 'rises' or 'diverges'; see
        :mod:`mmgb.recipes.verdict`); the loss of each step, norms of the gradients before clipping, ratios of update
        and weights, time, memory, and the settings and stand-ins that were used.

    Raises:
        ConfigError: if the config can't be built, or its network does not take the image size.
    """
    cfg, name = copy.deepcopy(cfg), parse_name(cfg.filename)
    if options.image_size is not None:
        name = name._replace(side=options.image_size, width=options.image_size)
        set_image_size(cfg, options.image_size)
    per_process = cfg.train_dataloader.get('batch_size', 1)
    batch = options.batch_size or name.processes * per_process
    micro_batch = largest_divisor(batch, options.micro_batch or per_process)
    with tempfile.TemporaryDirectory() as folder, DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        weights = drop_missing_weights(cfg.model) + drop_missing_checkpoint(cfg)
        missing = find_missing_data(cfg)
        if missing:
            make_data(cfg, name, Path(folder))
        prepare(cfg, batch, batch // micro_batch, folder)
        training = digest(training_fields(cfg), folder)
        known = find_training(training)
        if known is not None:
            return known | dict(missing_data=missing)
        gc.collect()  # the model of an earlier check, which its hooks keep in cycles
        reset_peak_memory()
        measured = train(cfg, MeasuredSteps(options.steps, batch // micro_batch), options.image_size)
        peak = peak_memory()
    return dict(
        training=training,
        verdict='diverges' if measured.diverged else judge(measured.losses),
        steps=len(measured.losses),
        batch=batch,
        config_batch=name.processes * per_process,
        micro_batch=micro_batch,
        data='made' if missing else 'real',
        missing_data=missing,
        missing_weights=weights,
        first_loss=rounded(first_loss(measured.losses)),
        highest_loss=rounded(highest_loss(measured.losses)),
        last_loss=rounded(last_loss(measured.losses)),
        losses=[rounded(loss) for loss in measured.losses],
        gradient_norm=dict(median=rounded(median(measured.gradient_norms)), max=rounded(max(measured.gradient_norms))),
        update_ratio=summarize_ratios(measured.ratios),
        seconds_per_step=rounded(median(measured.seconds)),
        peak_bytes=peak,
    )


def training_fields(cfg: Config) -> dict:
    """Return the fields of a prepared config that decide the first steps of its training, without disabled ones."""
    disabled = {
        'auto_scale_lr': not (cfg.get('auto_scale_lr') or {}).get('enable', False),
        'compile': cfg.get('compile') in (None, False),
    }
    return {field: cfg[field] for field in TRAINING_FIELDS if field in cfg and not disabled.get(field, False)}


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
