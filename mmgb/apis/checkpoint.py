"""Reads checkpoints strictly, and tells before any work whether one fits the model.

mmengine loads leniently: a checkpoint of another architecture ends in a warning and random weights.
"""

from __future__ import annotations

import re
from pathlib import Path
from pickle import UnpicklingError

import torch
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import get_state_dict

from mmgb.functional.errors import ConfigError
from mmgb.utils.errors import one_line, unsafe_content

WHAT_MMENGINE_RESUMES = {'state_dict', 'meta', 'message_hub'}


def read_checkpoint(path: str, field: str) -> dict:
    """The checkpoint at ``path``, a file or an address that mmengine knows, on the CPU, as pure data.

    Needs :func:`mmgb.compat.apply`. ``field`` is what the user calls it, for the messages.

    Raises:
        ConfigError: if it isn't there, is no checkpoint, is damaged, or if reading it could run code.
    """
    check_file(path, field)
    try:
        if is_remote(path):
            checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu', logger=None)
        else:
            checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except UnpicklingError as error:
        raise ConfigError(f"{field}='{path}' is refused: {unsafe_content(error)}") from error
    except (EOFError, OSError, RuntimeError) as error:
        raise ConfigError(
            f"{field}='{path}' can't be read as a checkpoint, it may be damaged ({one_line(error)})"
        ) from error
    if not isinstance(checkpoint, dict):
        raise ConfigError(f"{field}='{path}' holds a {type(checkpoint).__name__}; a checkpoint is a dict")
    return checkpoint


def is_remote(path: str) -> bool:
    return '://' in path


def check_file(path: str, field: str) -> None:
    """Raises a :class:`ConfigError` if ``path`` is neither a file nor a remote address."""
    if not is_remote(path) and not Path(path).is_file():
        raise ConfigError(f"{field}='{path}' is not a file (looked for in {Path.cwd()})")


def check_resumable(checkpoint: dict, path: str) -> None:
    """Raises a :class:`ConfigError` if ``checkpoint`` holds weights, but not the state of a training."""
    absent = sorted(WHAT_MMENGINE_RESUMES - checkpoint.keys())
    if absent or not {'epoch', 'iter'} <= checkpoint['meta'].keys():
        raise ConfigError(
            f"--resume='{path}' lacks {', '.join(absent) or 'epoch and iter'}, so there is no "
            'training to resume: to start from its weights use --cfg-options load_from=PATH'
        )


def compare_shapes(model: dict, checkpoint: dict) -> tuple[list[str], list[str], list[str]]:
    """Compares two {key: shape}. Returns the latter's keys that are (missing, unexpected, of another shape).

    BatchNorm's counter ``num_batches_tracked`` may be missing, as old checkpoints have none.
    """
    missing = [key for key in model if key not in checkpoint and not key.endswith('num_batches_tracked')]
    unexpected = [key for key in checkpoint if key not in model]
    reshaped = [key for key in model if key in checkpoint and model[key] != checkpoint[key]]
    return missing, unexpected, reshaped


def check_architecture(model: torch.nn.Module, checkpoint: dict, path: str) -> None:
    """Compares keys and shapes of ``checkpoint`` with those of ``model``, which may be wrapped (DDP, TTA).

    Keys that are merely unexpected are no error: mmengine itself warns of them.

    Raises:
        ConfigError: if a key is missing or of another shape, unless the model itself converts the checkpoint
            while loading it (some convert those of older versions or of other image sizes). For that question
            the weights are loaded.
    """
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    weights = {re.sub(r'^module\.', '', key): value for key, value in checkpoint.get('state_dict', checkpoint).items()}
    wanted, found = _shapes(get_state_dict(model)), _shapes(weights)
    missing, unexpected, reshaped = compare_shapes(wanted, found)
    if not (missing or reshaped) or _converts(model, weights):
        return
    faults = [f'{len(missing)} of the {len(wanted)} keys are missing (first {missing[0]})'] if missing else []
    if unexpected:
        faults.append(f'{len(unexpected)} unexpected (first {unexpected[0]})')
    if reshaped:
        key = reshaped[0]
        faults.append(f'{len(reshaped)} of another shape (first {key}: {found[key]}, not {wanted[key]})')
    raise ConfigError(
        f"the checkpoint '{path}' is of another architecture than the config's model: " + ', '.join(faults)
    )


def _shapes(state: dict) -> dict:
    return {key: tuple(getattr(value, 'shape', ())) for key, value in state.items()}


def _converts(model: torch.nn.Module, weights: dict) -> bool:
    try:
        missing = model.load_state_dict(weights, strict=False).missing_keys
    except RuntimeError:
        return False
    return all(key.endswith('num_batches_tracked') for key in missing)
