"""Build the runner or the model of a config, and report what is wrong in one sentence."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import MODELS, RUNNERS, DefaultScope
from mmengine.runner import Runner, load_state_dict
from torch import nn

from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import one_line

from .checkpoint import check_architecture, model_weights, read_checkpoint
from .dataloaders import check_train_batches
from .testing_runner import TestingRunner

# Components refuse their settings with these; other exceptions are bugs and keep their traceback.
BUILD_ERRORS = (AssertionError, AttributeError, ImportError, KeyError, OSError, TypeError, ValueError)


def build_runner(cfg: Config, loops: tuple[str, ...]) -> Runner:
    """Build the runner and its loops with their datasets.

    mmengine builds loops lazily. Building them here reports a faulty dataset before any work starts.

    Args:
        cfg (Config): complete config.
        loops (tuple[str, ...]): loops to build, of 'train_loop', 'val_loop' and 'test_loop'.

    Raises:
        ConfigError: if a component refuses its settings; the message names the file and line that refused them. Also if
            an epoch of the training has no batch or no end, or the runner builds its model late (``FlexibleRunner``).
    """
    with build_errors_as_config_errors(cfg):
        kind = Runner if 'train_loop' in loops else TestingRunner
        runner = RUNNERS.build(cfg) if 'runner_type' in cfg else kind.from_cfg(cfg)
        for loop in loops:
            getattr(runner, loop)
        if 'train_loop' not in loops:
            # mmsegmentation 1.2 reads `runner.iter` when it draws a test image, which would build the training dataset,
            # and that may not exist.
            runner._train_loop = None
    if not isinstance(runner.model, nn.Module):
        raise ConfigError(
            f'runner_type={cfg.runner_type!r}: expected a runner that builds its model at once, as Runner does; start '
            'this one without the tools of mmgb, by RUNNERS.build(cfg).train()'
        )
    if 'train_loop' in loops:
        check_train_batches(runner.train_loop)
    return runner


def build_model(cfg: Config) -> nn.Module:
    """Build the model of a config as its runner does, with the config's ``data_preprocessor``.

    Raises:
        ConfigError: if a component refuses its settings, as of :func:`build_runner`.
    """
    model = cfg.model.copy()
    if cfg.get('data_preprocessor'):
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')), build_errors_as_config_errors(cfg):
        return MODELS.build(model)


def build_trained_model(cfg: Config, path: str) -> nn.Module:
    """Build the model of a config as :func:`build_model` does, with the weights of a checkpoint.

    Args:
        cfg (Config): config of either host.
        path (str): checkpoint of a training, or its weights alone.

    Raises:
        ConfigError: if the checkpoint can't be read or is of another model, or as of :func:`build_model`.
    """
    checkpoint = read_checkpoint(path, 'checkpoint')
    model = build_model(cfg)
    check_architecture(model, checkpoint, path, training=False)
    load_state_dict(model, model_weights(checkpoint))
    return model


@contextmanager
def build_errors_as_config_errors(cfg: Config) -> Iterator[None]:
    """Raise an error of a component that refuses its settings as a ConfigError that names the file and line."""
    try:
        yield
    except BUILD_ERRORS as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise ConfigError(
            f"config='{cfg.filename}' can't be built: {one_line(error)} "
            f'({Path(place.filename).name}, line {place.lineno})'
        ) from error
