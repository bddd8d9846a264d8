"""Load a config, merge options into it, and report what is wrong in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import one_line
from mmgb.utils.shipped_files import find_config

TRAIN_FIELDS = ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper')
TEST_FIELDS = ('model', 'test_dataloader', 'test_cfg', 'test_evaluator')


def load_config(path: str, options: dict, required: tuple[str, ...]) -> Config:
    """Load a config file and merge options into it.

    Args:
        path (str): config file, or ``mmgb::FAMILY/…/NAME.py`` for one of this package.
        options (dict): dotted key to value, as parsed from ``--cfg-options``.
        required (tuple[str, ...]): top-level fields that must be present and not None.

    Raises:
        ConfigError: if the file cannot be read, an option does not fit the config, or a required field is missing.
    """
    file = find_config(path)
    if not Path(file).is_file():
        raise ConfigError(f"config='{file}' is not a file")
    try:
        cfg = Config.fromfile(file)
    except Exception as error:  # a config is a program and can raise anything
        raise ConfigError(f"config='{path}' can't be read: {one_line(error.__cause__ or error)}") from error
    for key, value in options.items():
        merge_option(cfg, key, value)
    absent = [field for field in required if cfg.get(field) is None]
    if absent:
        raise ConfigError(f"config='{path}' lacks {', '.join(absent)}, which this tool needs")
    return cfg


def merge_option(cfg: Config, key: str, value: Any) -> None:
    """Set one entry of ``cfg`` in place. Dictionaries are merged, and new keys are created.

    Args:
        cfg (Config): config to change.
        key (str): dotted key; an index selects an element of a list, such as ``train_pipeline.1.scale``.
        value (Any): new value.

    Raises:
        ConfigError: if a part of the key does not exist in a list or leads into a plain value.
    """
    node, parts = cfg, key.split('.')
    for depth, part in enumerate(parts):
        parent = '.'.join(parts[:depth])
        if isinstance(node, list):
            if not part.isdigit() or int(part) >= len(node):
                raise ConfigError(
                    f'--cfg-options {key}={value!r}: expected an index from 0 to {len(node) - 1} into the list '
                    f"'{parent}', got '{part}'"
                )
            if depth == len(parts) - 1 and not (isinstance(value, dict) and isinstance(node[int(part)], dict)):
                node[int(part)] = value  # mmengine merges into dicts only
                return
            node = node[int(part)]
        elif isinstance(node, (dict, Config)):
            if part not in node:
                break
            node = node[part]
        else:
            raise ConfigError(f"--cfg-options {key}={value!r}: '{parent}' is {node!r}, without entry '{part}'")
    try:
        cfg.merge_from_dict({key: value})
    except Exception as error:
        raise ConfigError(f'--cfg-options {key}={value!r} does not fit the config: {one_line(error)}') from error


def type_name(component: dict, default: str = '') -> str:
    """Return the class name of a component's config, without a scope; its ``type`` may be a name or a class."""
    kind = component.get('type', default)
    return kind.rpartition('.')[2] if isinstance(kind, str) else kind.__name__


def set_work_dir(cfg: Config, path: str, work_dir: str | None) -> None:
    """Set ``cfg.work_dir`` to ``work_dir``, to the config's own value, or to ``./work_dirs/`` and the config's name.

    Args:
        cfg (Config): config to change.
        path (str): file of the config.
        work_dir (str | None): value of ``--work-dir``.
    """
    cfg.work_dir = work_dir or cfg.get('work_dir') or str(Path('work_dirs', Path(path).stem))
