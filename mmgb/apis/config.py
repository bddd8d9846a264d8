"""Reads a config and builds its runner, with one sentence for what is wrong."""

from __future__ import annotations

import traceback
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import one_line

TRAIN_FIELDS = ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper')
TEST_FIELDS = ('model', 'test_dataloader', 'test_cfg', 'test_evaluator')


def load_config(path: str, options: dict, required: tuple[str, ...]) -> Config:
    """The config at ``path`` with ``options`` ({dotted key: value}) merged into it.

    Raises:
        ConfigError: if the file isn't there or can't be read, if an option does not fit it, or if one of the
            top-level fields ``required`` is absent or None.
    """
    if not Path(path).is_file():
        raise ConfigError(f"config='{path}' is not a file")
    try:
        cfg = Config.fromfile(path)
    except Exception as error:  # a config is a program: it can fail in any way
        raise ConfigError(f"config='{path}' can't be read: {one_line(error.__cause__ or error)}") from error
    for key, value in options.items():
        merge_option(cfg, key, value)
    absent = [field for field in required if cfg.get(field) is None]
    if absent:
        raise ConfigError(f"config='{path}' lacks {', '.join(absent)}, which this tool needs")
    return cfg


def merge_option(cfg: Config, key: str, value) -> None:
    """Sets ``cfg``'s entry ``key``, e.g. ``train_pipeline.1.scale``. Dictionaries are merged, new keys made.

    Raises:
        ConfigError: if the key leads into something that has no such entry.
    """
    node, parts = cfg, key.split('.')
    for depth, part in enumerate(parts):
        above = '.'.join(parts[:depth])
        if isinstance(node, list):
            if not part.isdigit() or int(part) >= len(node):
                raise ConfigError(
                    f"--cfg-options {key}={value!r}: '{above}' is a list of {len(node)}, so "
                    f"that '{part}' should be a number from 0 to {len(node) - 1}"
                )
            node = node[int(part)]
        elif isinstance(node, (dict, Config)):
            if part not in node:
                break
            node = node[part]
        else:
            raise ConfigError(f"--cfg-options {key}={value!r}: '{above}' is {node!r}, without entry '{part}'")
    try:
        cfg.merge_from_dict({key: value})
    except Exception as error:
        raise ConfigError(f'--cfg-options {key}={value!r} does not fit the config: {one_line(error)}') from error


def type_name(part: dict, default: str = '') -> str:
    """The bare class name of a component's config: its ``type`` may be a class, or a name with a scope."""
    kind = part.get('type', default)
    return kind.rpartition('.')[2] if isinstance(kind, str) else kind.__name__


def set_work_dir(cfg: Config, path: str, work_dir: str | None) -> None:
    """Sets ``cfg.work_dir``: ``work_dir``, else the config's own, else ``./work_dirs/`` and its name."""
    cfg.work_dir = work_dir or cfg.get('work_dir') or str(Path('work_dirs', Path(path).stem))


def build_runner(cfg: Config, loops: tuple[str, ...]) -> Runner:
    """The runner of ``cfg``, its ``loops`` ('train_loop', 'val_loop', 'test_loop') and their data sets built.

    mmengine builds them by itself later on; this way, what is wrong with a data set is known before any work.

    Raises:
        ConfigError: if a part refuses its settings; the sentence says where in the code that was.
    """
    try:
        runner = RUNNERS.build(cfg) if 'runner_type' in cfg else Runner.from_cfg(cfg)
        for loop in loops:
            getattr(runner, loop)
        if 'train_loop' not in loops:
            # mmsegmentation 1.2 asks for `runner.iter` when it draws a test image, and that would build the
            # training data set, which need not be there.
            runner._train_loop = None
    except (AssertionError, AttributeError, ImportError, KeyError, OSError, TypeError, ValueError) as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise ConfigError(
            f"config='{cfg.filename}' can't be built: {one_line(error)} "
            f'({Path(place.filename).name}, line {place.lineno})'
        ) from error
    return runner
