"""Everything that ``tools/train.py --resume`` does.

mmengine resumes leniently and late. This module chooses and reads the checkpoint first, and refuses it with one
sentence if it holds no training state, does not fit the model, or cannot restore the order of the samples.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner import Runner, find_latest_checkpoint

from mmgb.functional.errors import ConfigError

from .checkpoint import check_architecture, check_file, read_checkpoint
from .config import type_name

RESUMED_FIELDS = {'state_dict', 'meta', 'message_hub'}  # fields that mmengine's Runner.resume reads


def build_with_resume(cfg: Config, resume: str | None, build: Callable[[Config], Runner]) -> Runner:
    """Build the runner of a training that starts afresh or resumes a checkpoint.

    1. Choose the checkpoint and set ``cfg.resume`` and ``cfg.load_from``.
    2. Read it strictly; check its training state and the sampler's seed.
    3. Build the runner.
    4. Check that the checkpoint fits the model. If there is nothing to resume, log that training starts afresh.

    Args:
        cfg (Config): config of the training; ``work_dir`` must be set.
        resume (str | None): value of ``--resume``: a path, 'auto', or None if the option is not given.
        build (Callable[[Config], Runner]): function that joins the process group and builds the runner.

    Raises:
        ConfigError: if the checkpoint cannot be read or resumed, or if the file of ``load_from`` does not exist.
    """
    wanted = bool(resume or cfg.get('resume'))
    path = choose_checkpoint_to_resume(cfg, resume)
    if path is None:
        if cfg.get('load_from'):
            check_file(cfg.load_from, 'load_from')
        runner = build(cfg)
        if wanted:
            print_log(f'Nothing to resume in {cfg.work_dir}: training starts afresh.', 'current', logging.WARNING)
        return runner
    checkpoint = read_checkpoint(path, '--resume')
    check_resumable(checkpoint, path)
    check_sampling_seed(cfg, checkpoint)
    runner = build(cfg)
    check_architecture(runner.model, checkpoint, path)
    return runner


def choose_checkpoint_to_resume(cfg: Config, resume: str | None) -> str | None:
    """Set ``cfg.resume`` and ``cfg.load_from`` and return the path of the checkpoint to resume.

    Args:
        cfg (Config): config of the training.
        resume (str | None): path of a checkpoint; 'auto' for the latest one in ``cfg.work_dir``; None to follow the
            config.

    Returns:
        str | None: path, or None if nothing is resumed. This includes 'auto' for a work dir without a checkpoint:
        training then starts afresh, from the config's ``load_from`` if it is set.
    """
    if resume == 'auto' or (resume is None and cfg.get('resume') and not cfg.get('load_from')):
        # mmengine would find the same file, but only after the runner is built.
        started = Path(cfg.work_dir, 'last_checkpoint').is_file()
        resume = find_latest_checkpoint(cfg.work_dir) if started else None
        cfg.resume = started
    if resume is not None:
        cfg.resume, cfg.load_from = True, resume
    return cfg.load_from if cfg.get('resume') else None


def check_resumable(checkpoint: dict, path: str) -> None:
    """Raise :class:`ConfigError` if ``checkpoint``, read from ``path``, lacks the state of a training."""
    absent = sorted(RESUMED_FIELDS - checkpoint.keys())
    if absent or not {'epoch', 'iter'} <= checkpoint['meta'].keys():
        raise ConfigError(
            f"--resume='{path}' lacks {', '.join(absent) or 'epoch and iter'}, so there is no training to resume: "
            'to start from its weights use --cfg-options load_from=PATH'
        )


def check_sampling_seed(cfg: Config, checkpoint: dict) -> None:
    """Raise :class:`ConfigError` if class-aware sampling is resumed without a seed.

    mmengine would draw a new seed before it reads the checkpoint, and the sampler would continue in an unrelated order.
    The error names the seed of the run that wrote ``checkpoint``.
    """
    sampler = cfg.train_dataloader.get('sampler') or {}
    seeds = sampler.get('seed'), (cfg.get('randomness') or {}).get('seed')
    if type_name(sampler) == 'ClassAwareSampler' and seeds == (None, None):
        raise ConfigError(
            'randomness.seed=None: expected the seed of class-aware sampling, without which --resume cannot restore '
            'the order of the images: add --cfg-options '
            f"randomness.seed={checkpoint['meta'].get('seed')}, the seed of the checkpoint's run"
        )
