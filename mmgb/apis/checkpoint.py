"""Read checkpoints strictly, and check that they fit the model before any work starts.

mmengine loads checkpoints leniently: one of another architecture only causes a warning, and training or testing goes on
with random weights.
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


def read_checkpoint(path: str, field: str) -> dict:
    """Read a checkpoint onto the CPU, accepting only weights and plain data.

    :func:`mmgb.compat.apply` must have been called.

    Args:
        path (str): file, or URL of a backend that mmengine knows.
        field (str): name of the argument or setting that holds ``path``, for the error messages.

    Raises:
        ConfigError: if the file is missing or damaged, is no checkpoint, or could run code when read.
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
        raise ConfigError(f"{field}='{path}': expected a checkpoint with a dict, got a {type(checkpoint).__name__}")
    return checkpoint


def is_remote(path: str) -> bool:
    """Return True if ``path`` is a URL."""
    return '://' in path


def check_file(path: str, field: str) -> None:
    """Raise :class:`ConfigError` if ``path``, the value of ``field``, is neither a file nor a URL."""
    if not is_remote(path) and not Path(path).is_file():
        raise ConfigError(f"{field}='{path}' is not a file (looked in {Path.cwd()})")


def compare_shapes(model: dict, checkpoint: dict) -> tuple[list[str], list[str], list[str]]:
    """Compare the parameter shapes of a model with those of a checkpoint.

    Args:
        model (dict): parameter name to shape.
        checkpoint (dict): parameter name to shape.

    Returns:
        tuple[list[str], list[str], list[str]]: names that the checkpoint lacks, names that only the checkpoint has, and
        names whose shapes differ. BatchNorm's ``num_batches_tracked`` may be missing, because old checkpoints don't
        have it.
    """
    missing = [key for key in model if key not in checkpoint and not key.endswith('num_batches_tracked')]
    unexpected = [key for key in checkpoint if key not in model]
    reshaped = [key for key in model if key in checkpoint and model[key] != checkpoint[key]]
    return missing, unexpected, reshaped


def check_architecture(model: torch.nn.Module, checkpoint: dict, path: str) -> None:
    """Check that ``checkpoint`` fits ``model``.

    Unexpected keys alone are accepted; mmengine warns about them. A model may convert old checkpoints while loading
    them, so the weights are loaded before a mismatch becomes an error.

    Args:
        model (torch.nn.Module): model to load into; may be wrapped (DistributedDataParallel, test-time augmentation).
        checkpoint (dict): checkpoint, or state dict.
        path (str): path of the checkpoint, for the error message.

    Raises:
        ConfigError: if a parameter is missing or has another shape, and the model does not convert the checkpoint.
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
        faults.append(f'{len(reshaped)} of another shape (first {key}: expected {wanted[key]}, got {found[key]})')
    raise ConfigError(f"the checkpoint '{path}' does not fit the config's model: " + ', '.join(faults))


def _shapes(state: dict) -> dict:
    return {key: tuple(getattr(value, 'shape', ())) for key, value in state.items()}


def _converts(model: torch.nn.Module, weights: dict) -> bool:
    """Return True if loading ``weights`` leaves no parameter of ``model`` without a value."""
    try:
        missing = model.load_state_dict(weights, strict=False).missing_keys
    except RuntimeError:
        return False
    return all(key.endswith('num_batches_tracked') for key in missing)
