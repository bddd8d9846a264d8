"""Check the training state of a checkpoint: its progress, logs, optimizer and schedules.

mmengine restores the state late and unchecked, and a malformed one fails anywhere in the training.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from numbers import Number

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch.optim import Optimizer

from mmgb.functional.errors import ConfigError, shorten
from mmgb.utils.errors import one_line

from .resumed_schedules import continue_schedule, schedule_settings

RESUMED_FIELDS = {'state_dict', 'meta', 'message_hub'}  # fields that mmengine's Runner.resume reads
OPTIONAL_FIELDS = {'optimizer': 'resume_optimizer', 'param_schedulers': 'resume_param_scheduler'}  # to their settings
HUB_FIELDS = ('log_scalars', 'runtime_info', 'resumed_keys')
# Tensors of an optimizer's state that have the shape of their parameter, by torch's names.
ELEMENTWISE_STATE = {'momentum_buffer', 'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'square_avg', 'grad_avg'}
ADAM_STATE = {'step', 'exp_avg', 'exp_avg_sq'}
SCALARS = ('NoneType', 'bool', 'number', 'str')
PATHS_IN_THE_HUB = re.compile('last_ckpt|best_ckpt.*')


def check_training_state(checkpoint: dict, path: str, needed: tuple[str, ...] = ()) -> None:
    """Check that a checkpoint holds a training that can go on.

    Args:
        checkpoint (dict): content of the checkpoint.
        path (str): its file, for the error messages.
        needed (tuple[str, ...]): required fields of :data:`OPTIONAL_FIELDS`; the others may be missing.

    Raises:
        ConfigError: if a field is missing or malformed.
    """
    absent = sorted(RESUMED_FIELDS - checkpoint.keys())
    if absent:
        raise ConfigError(
            f"--resume='{path}' lacks {', '.join(absent)}, so there is no training to resume: "
            'to start from its weights use --cfg-options load_from=PATH'
        )
    for field in needed:
        if field not in checkpoint:
            raise ConfigError(
                f"--resume='{path}' lacks {field}, which would start anew: to accept that, use --cfg-options "
                f'{OPTIONAL_FIELDS[field]}=False'
            )
    for fault in _faults(checkpoint):
        raise ConfigError(f"--resume='{path}': expected {fault}; the checkpoint is malformed")


def _faults(checkpoint: dict) -> Iterator[str]:
    """Yield ``FIELD to be X, got Y`` for each malformed field."""
    meta, hub = checkpoint['meta'], checkpoint['message_hub']
    if not isinstance(meta, dict):
        yield f'meta to be a dict, got a {type(meta).__name__}'
        return
    for key in ('epoch', 'iter'):
        if type(meta.get(key)) is not int or not 0 <= meta[key] < 2**31:
            yield f'meta.{key} to be an integer from 0 to 2147483647, got {_quote(meta.get(key))}'
    if meta.get('seed') is not None and (type(meta['seed']) is not int or not 0 <= meta['seed'] < 2**32):
        yield f'meta.seed to be an integer from 0 to 4294967295, got {_quote(meta["seed"])}'
    if not isinstance(hub, dict) or not all(isinstance(hub.get(key), dict) for key in HUB_FIELDS):
        yield f'message_hub to be a dict with the dicts {", ".join(HUB_FIELDS)}, got {_quote(hub)}'
        return
    for field in HUB_FIELDS:
        if not all(isinstance(key, str) for key in hub[field]):
            yield f'message_hub.{field} to have names as keys, got {_quote(list(hub[field]))}'
    for key, log in hub['log_scalars'].items():
        if isinstance(log, HistoryBuffer) and not _is_history(log):
            yield f'message_hub.log_scalars.{_quote(key)} to hold as many values as counts, got {_quote(vars(log))}'
    for key, value in hub['runtime_info'].items():
        if not _fits_hub(str(key), value):
            yield f'message_hub.runtime_info to be as mmengine writes it, got {key}={_quote(value)}'
    optimizer, schedulers = checkpoint.get('optimizer', {}), checkpoint.get('param_schedulers', [])
    if not isinstance(optimizer, dict):
        yield f'optimizer to be a dict, got a {type(optimizer).__name__}'
    lists = schedulers.values() if isinstance(schedulers, dict) else [schedulers]
    if not all(isinstance(part, list) and all(map(_has_names, part)) for part in lists):
        yield f'param_schedulers to be a list of dicts, got {_quote(schedulers)}'


def _quote(value: object) -> str:
    return shorten(' '.join(repr(value).split()), 80)


def _has_names(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


def _is_history(log: HistoryBuffer) -> bool:
    """Return True if the buffer has a number and a count for each entry."""
    parts = [vars(log).get(name) for name in ('_log_history', '_count_history')]
    numeric = all(isinstance(part, np.ndarray) and part.ndim == 1 and part.dtype.kind in 'biuf' for part in parts)
    return numeric and len(parts[0]) == len(parts[1]) and type(vars(log).get('max_length')) is int


def _fits_hub(key: str, value: object) -> bool:
    """Return True if mmengine's CheckpointHook can read the entry ``key`` of the message hub."""
    if key == 'keep_ckpt_ids':
        return isinstance(value, list) and all(type(step) is int for step in value)
    if key.startswith('best_score'):
        return _kind(value) == 'number'
    return not PATHS_IN_THE_HUB.fullmatch(key) or isinstance(value, (str, type(None)))


def restore_strictly(runner: Runner, path: str, folder: str) -> None:
    """Make ``runner.resume`` check what it restores.

    - Anything that fails to be restored raises one sentence.
    - Schedules go on in a longer training, see :mod:`mmgb.apis.resumed_schedules`.
    - ``meta.config`` is dropped: mmengine would run it as a Python program, for a setting (``gpu_ids``) that no config
      has any more.
    - The files that the CheckpointHook knows are looked for in ``folder``. In a moved or copied work dir it would
      otherwise delete the original's.

    Args:
        runner (Runner): runner before its training.
        path (str): checkpoint to resume, for the error messages.
        folder (str): folder of the checkpoints of this training.
    """
    resume, load = runner.resume, runner.load_checkpoint

    def load_checkpoint(*args, **kwargs):
        checkpoint = load(*args, **kwargs)
        checkpoint['meta'].pop('config', None)
        hub = checkpoint['message_hub']
        known = hub['runtime_info']
        hub['resumed_keys'] = dict.fromkeys([*hub['log_scalars'], *known], True)  # mmengine saves only resumed entries
        for key, value in known.items():
            if PATHS_IN_THE_HUB.fullmatch(key) and value:
                known[key] = os.path.join(folder, re.split(r'[\\/]', value)[-1])
        return checkpoint

    def checked_resume(*args, **kwargs):
        schedules = [_kinds(vars(scheduler)) for scheduler in _schedulers(runner)]
        configured = [schedule_settings(scheduler) for scheduler in _schedulers(runner)]
        # Loading a state adds `differentiable` to the defaults, which the optimizers of mmpretrain don't have.
        hyperparameters = [_kinds(optimizer.defaults) for optimizer in _optimizers(runner)]
        try:
            resume(
                *args,
                resume_optimizer=runner.cfg.get('resume_optimizer', True),
                resume_param_scheduler=runner.cfg.get('resume_param_scheduler', True),
                **kwargs,
            )
            for defaults, optimizer in zip(hyperparameters, _optimizers(runner)):
                _check_optimizer(optimizer, defaults)
            for before, scheduler in zip(schedules, _schedulers(runner)):
                _compare_kinds('param_schedulers', before, vars(scheduler))
                _check_scheduled_parameter(runner, scheduler.param_name)
            for settings, scheduler in zip(configured, _schedulers(runner)):
                continue_schedule(scheduler, settings, runner.train_loop)
        except ConfigError as error:
            raise ConfigError(f"--resume='{path}': {error}") from error
        except Exception as error:  # a malformed state can raise anything
            raise ConfigError(
                f"--resume='{path}': its training state doesn't fit the config or is malformed ({one_line(error, 250)})"
            ) from error

    runner.load_checkpoint, runner.resume = load_checkpoint, checked_resume


def _optimizers(runner: Runner) -> list[Optimizer]:
    wrapper = runner.optim_wrapper
    wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
    return [part.optimizer for part in wrappers]


def _schedulers(runner: Runner) -> list:
    schedulers = runner.param_schedulers or []
    return [part for parts in schedulers.values() for part in parts] if isinstance(schedulers, dict) else schedulers


def _check_optimizer(optimizer: Optimizer, defaults: Mapping[str, str]) -> None:
    """Raise :class:`ConfigError` if a hyperparameter or a state of ``optimizer`` could not be used in a step."""
    for group in optimizer.param_groups:
        _compare_kinds('optimizer.param_groups', defaults, group)
        needed = ADAM_STATE if isinstance(optimizer, (torch.optim.Adam, torch.optim.AdamW)) else set()
        if needed and group['amsgrad']:
            needed = needed | {'max_exp_avg_sq'}
        for parameter in group['params']:
            _check_parameter_state(optimizer.state.get(parameter, {}), parameter.shape, needed)


def _check_parameter_state(state: dict, shape: torch.Size, needed: set[str]) -> None:
    """Raise :class:`ConfigError` if an optimizer could not use the ``state`` of a parameter of this shape."""
    if not isinstance(state, dict):
        raise ConfigError(f'expected optimizer.state to hold dicts, got {_quote(state)}')
    if state and not needed <= state.keys():
        raise ConfigError(f'expected optimizer.state with {", ".join(sorted(needed))}, got {_quote([*state])}')
    for key, value in state.items():
        if key == 'step' and not (_kind(value) == 'number' and value >= 0):
            raise ConfigError(f'expected a number >= 0 as optimizer.state.step, got {_quote(value)}')
        absent = value is None and key == 'momentum_buffer'  # SGD before its first step
        found = getattr(value, 'shape', None)
        if key in ELEMENTWISE_STATE and not absent and found != shape:
            raise ConfigError(
                f'expected optimizer.state.{key} with the shape {tuple(shape)} of its parameter, got '
                f'{_quote(value) if found is None else tuple(found)}'
            )


def _check_scheduled_parameter(runner: Runner, name: str) -> None:
    """Raise :class:`ConfigError` if no optimizer has the hyperparameter ``name``, which a schedule changes."""
    if not any(name in group for optimizer in _optimizers(runner) for group in optimizer.param_groups):
        raise ConfigError(f'expected a hyperparameter of the optimizer as param_name of param_schedulers, got {name!r}')


def _compare_kinds(field: str, wanted: Mapping[str, str], found: Mapping[str, object]) -> None:
    """Raise :class:`ConfigError` if a value is missing or of another kind than in a state that was just built."""
    for key, kind in wanted.items():
        if key not in found:
            raise ConfigError(f'expected {field} with {key}, got none')
        fitting = SCALARS if kind == 'NoneType' else (kind,)  # None stands for a default of any simple kind
        if not _kind(found[key]).startswith(fitting):
            raise ConfigError(f'expected a {kind} as {key} of {field}, got {_quote(found[key])}')


def _kinds(values: Mapping[str, object]) -> dict[str, str]:
    return {key: _kind(value) for key, value in values.items()}


def _kind(value: object) -> str:
    """Return the name of a type, the same one for all numbers and for lists and tuples, with the kinds inside."""
    if isinstance(value, bool):
        return 'bool'
    if isinstance(value, int) and abs(value) >= 2**63:
        return 'integer of more than 64 bits'
    if isinstance(value, Number) or (isinstance(value, torch.Tensor) and value.numel() == 1):
        return 'number'
    if isinstance(value, dict):
        return ' of '.join(['dict', *sorted({_kind(part) for part in value.values()})])
    if isinstance(value, (list, tuple)):
        return f'list of {len(value)} {"/".join(sorted({_kind(part) for part in value}))}' if value else 'list'
    return type(value).__name__
