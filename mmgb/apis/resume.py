"""Everything that ``tools/train.py --resume`` does.

mmengine resumes leniently and late. This module chooses and reads the checkpoint first, and refuses it with one
sentence if it holds no training state, does not fit the model, or cannot restore the order of the samples.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmgb.functional.errors import ConfigError

from .checkpoint import check_architecture, count_fitting_keys, is_remote, read_checkpoint
from .config import type_name
from .latest_checkpoint import LatestCheckpoint, find_latest_checkpoint
from .training_state import OPTIONAL_FIELDS, check_training_state, restore_strictly


def build_with_resume(cfg: Config, resume: str | None, build: Callable[[Config], Runner]) -> Runner:
    """Build the runner of a training that starts afresh or resumes a checkpoint.

    1. Choose the checkpoint and read it strictly; check its training state.
    2. Set ``cfg.resume`` and ``cfg.load_from``, and the seed if the config has none.
    3. Build the runner.
    4. Check that the checkpoint fits the model. Log which one is resumed in place of the latest, that training starts
       afresh because there is none, or how many keys of the model ``load_from`` fills.

    Args:
        cfg (Config): config of the training; ``work_dir`` must be set.
        resume (str | None): value of ``--resume``: a path, 'auto', or None if the option is not given.
        build (Callable[[Config], Runner]): function that joins the process group and builds the runner.

    Raises:
        ConfigError: if the checkpoint of ``--resume`` or ``load_from`` cannot be read or does not fit.
    """
    wanted = bool(resume or cfg.get('resume'))
    chosen = choose_checkpoint_to_resume(cfg, resume)
    if chosen is None:
        runner = build_with_weights(cfg, build)
        if wanted:
            print_log(f'Nothing to resume in {cfg.work_dir}: training starts afresh.', 'current', logging.WARNING)
        return runner
    restore_seed(cfg, chosen.checkpoint)
    cfg.resume, cfg.load_from = True, chosen.path
    runner = build(cfg)
    if chosen.remark:
        print_log(chosen.remark, 'current', logging.WARNING)
    check_architecture(runner.model, chosen.checkpoint, chosen.path)
    restore_strictly(runner, chosen.path, checkpoint_folder(cfg))
    return runner


def build_with_weights(cfg: Config, build: Callable[[Config], Runner]) -> Runner:
    """Build the runner of a training that starts from the weights of ``cfg.load_from``, if it is set.

    A local file is read before the runner is built, a remote one afterwards, by one process of a group.

    Raises:
        ConfigError: if the file cannot be read, or fills no parameter of the model.
    """
    path = cfg.get('load_from')
    if not path:
        return build(cfg)
    checkpoint = None if isinstance(path, str) and is_remote(path) else read_checkpoint(path, 'load_from')
    runner = build(cfg)
    filled, total = count_fitting_keys(runner.model, checkpoint or read_checkpoint(path, 'load_from'))
    if total and not filled:
        raise ConfigError(f"load_from='{path}': expected weights of the config's model, got none of its {total} keys")
    print_log(f"load_from='{path}' fills {filled} of the {total} keys of the model.", 'current')
    return runner


def choose_checkpoint_to_resume(cfg: Config, resume: str | None) -> LatestCheckpoint | None:
    """Return the checkpoint to resume, read and checked.

    Args:
        cfg (Config): config of the training. Its ``resume`` becomes False if there is nothing to resume.
        resume (str | None): path of a checkpoint; 'auto' for the latest one in ``cfg.work_dir``; None to follow the
            config.

    Returns:
        LatestCheckpoint | None: checkpoint, or None if nothing is resumed. This includes 'auto' for a work dir without
        a checkpoint: training then starts afresh, from the config's ``load_from`` if it is set.
    """
    needed = required_state(cfg)

    def check(checkpoint: dict, path: str) -> None:
        check_training_state(checkpoint, path, needed)

    if resume is None and cfg.get('resume'):
        resume = cfg.get('load_from') or 'auto'
    if resume == 'auto':
        found = find_latest_checkpoint(cfg.work_dir, checkpoint_folder(cfg), check)
        cfg.resume = found is not None
        return found
    if resume is None:
        return None
    checkpoint = read_checkpoint(resume, '--resume')
    check(checkpoint, resume)
    return LatestCheckpoint(resume, checkpoint, '')


def required_state(cfg: Config) -> tuple[str, ...]:
    """Return the fields of the training state that a checkpoint must have.

    ``resume_optimizer=False`` and ``resume_param_scheduler=False`` in the config start the optimizer and the schedules
    anew.
    """
    used = dict(optimizer=True, param_schedulers=bool(cfg.get('param_scheduler')))
    return tuple(field for field, setting in OPTIONAL_FIELDS.items() if used[field] and cfg.get(setting, True))


def checkpoint_folder(cfg: Config) -> str:
    """Return the folder to which mmengine's CheckpointHook writes: the work dir, or one in the hook's ``out_dir``."""
    out_dir = ((cfg.get('default_hooks') or {}).get('checkpoint') or {}).get('out_dir')
    if not out_dir:
        return cfg.work_dir
    return os.path.join(str(out_dir), Path(cfg.work_dir).resolve().name)


def restore_seed(cfg: Config, checkpoint: dict) -> None:
    """Set ``randomness.seed`` to that of the run that wrote a checkpoint, if the config has none.

    mmengine restores the seed after it has built the samplers, which would go on in an unrelated order.

    Raises:
        ConfigError: if a class-aware sampler has no seed, neither in the config nor from the checkpoint.
    """
    if (cfg.get('randomness') or {}).get('seed') is not None:
        return
    seed, sampler = checkpoint['meta'].get('seed'), cfg.train_dataloader.get('sampler') or {}
    if isinstance(seed, int):
        cfg.randomness = dict(cfg.get('randomness') or {}, seed=seed)
    elif type_name(sampler) == 'ClassAwareSampler' and sampler.get('seed') is None:
        raise ConfigError(
            'randomness.seed=None: expected the seed of class-aware sampling, which the checkpoint does not hold '
            'either, and without which --resume cannot restore the order of the images'
        )
