"""Read checkpoints strictly, and check that they fit the model before any work starts.

mmengine loads checkpoints leniently: one of another architecture only causes a warning, and training or testing goes on
with random weights.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable
from pickle import UnpicklingError

import torch
from mmengine.model import BaseTTAModel, is_model_wrapper
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import get_state_dict

from mmgb.compat.checkpoint_reading import allow_checkpoint_globals
from mmgb.functional.errors import ConfigError
from mmgb.utils.auxiliaries import is_auxiliary
from mmgb.utils.errors import one_line, refused_content

ARCHIVE_START = b'PK\x03\x04'
FOLDER_BIT = 0x10  # of the DOS attributes of a ZIP entry
LEGACY_MAGIC = b'l\xfc\x9cF\xf9 j\xa8P\x19.'  # torch.serialization.MAGIC_NUMBER as torch < 1.6 pickles it
LONGEST_LEGACY_START = 32  # bytes: protocol, frame and magic number


def read_checkpoint(path: str, field: str) -> dict:
    """Read a checkpoint onto the CPU, accepting only weights and plain data.

    The checksums of a local archive are verified first, because torch doesn't: a flipped bit would load silently. This
    takes about a second per GB. Files in the format of torch < 1.6 have no checksums.

    Args:
        path (str): file, or URL of a backend that mmengine knows.
        field (str): name of the argument or setting that holds ``path``, for the error messages.

    Raises:
        ConfigError: if the file is missing or damaged, is no checkpoint, or could run code when read.
    """
    check_file(path, field)
    allow_checkpoint_globals()  # again, because onedl-mmengine's own reader takes them off torch's list when it ends
    try:
        if is_remote(path):
            checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu', logger=None)
        else:
            path = os.path.expanduser(path)
            _check_format(path)
            checkpoint = torch.load(path, map_location='cpu', weights_only=True)
        _check_fields(checkpoint)
    except UnpicklingError as error:
        raise ConfigError(f"{field}='{path}' is refused: {refused_content(error)}") from error
    except ConfigError as error:
        raise ConfigError(f"{field}='{path}': {error}") from error
    except Exception as error:  # the bytes of a damaged file can raise anything
        raise ConfigError(
            f"{field}='{path}' can't be read as a checkpoint, it may be damaged ({one_line(error, 200)})"
        ) from error
    return checkpoint


def _check_format(path: str) -> None:
    """Raise :class:`ConfigError` if ``path`` is no file of ``torch.save``, or if its checksums don't match."""
    if is_archive(path):
        with zipfile.ZipFile(path) as archive:
            # torch would take a record that is marked as a folder for an empty one, and leave its tensor uninitialized.
            folders = [entry.filename for entry in archive.infolist() if entry.external_attr & FOLDER_BIT]
            damaged = folders[0] if folders else archive.testzip()
        if damaged is not None:
            raise ConfigError(f'expected intact data, got a wrong checksum or kind of {damaged!r}: the file is damaged')
    elif LEGACY_MAGIC not in _start(path):
        raise ConfigError(
            f'expected a checkpoint written by torch.save, got {os.path.getsize(path)} bytes of another format, or a '
            'damaged file'
        )


def is_archive(path: str) -> bool:
    """Return True if ``path`` has the format of torch >= 1.6, a ZIP archive."""
    return _start(path).startswith(ARCHIVE_START)


def _start(path: str) -> bytes:
    with open(path, 'rb') as file:
        return file.read(LONGEST_LEGACY_START)


def _check_fields(checkpoint: object) -> None:
    """Raise :class:`ConfigError` if ``checkpoint`` has no state dict with names as keys."""
    if not isinstance(checkpoint, dict):
        raise ConfigError(f'expected a checkpoint with a dict, got a {type(checkpoint).__name__}')
    weights = checkpoint.get('state_dict', checkpoint)
    if not isinstance(weights, dict):
        raise ConfigError(f"expected a dict as the checkpoint's state_dict, got a {type(weights).__name__}")
    for key in weights:
        if not isinstance(key, str):
            raise ConfigError(f"expected names as keys of the checkpoint's state_dict, got {key!r}")


def is_remote(path: str) -> bool:
    """Return True if ``path`` is a URL."""
    return '://' in path


def check_file(path: str, field: str) -> None:
    """Raise :class:`ConfigError` if ``path``, the value of ``field``, is neither a file nor a URL."""
    if not isinstance(path, str):
        raise ConfigError(f'{field}={path!r}: expected the path of a checkpoint')
    if not is_remote(path) and not os.path.isfile(os.path.expanduser(path)):
        raise ConfigError(f"{field}='{path}' is not a file (looked in {os.getcwd()})")


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


def check_architecture(model: torch.nn.Module, checkpoint: dict, path: str, training: bool = True) -> None:
    """Check that ``checkpoint`` fits ``model``.

    Unexpected keys alone are accepted; mmengine warns about them. A model may convert old checkpoints while loading
    them, so the weights are loaded before a mismatch becomes an error.

    Args:
        model (torch.nn.Module): model to load into; may be wrapped (DistributedDataParallel, test-time augmentation).
        checkpoint (dict): checkpoint, or state dict.
        path (str): path of the checkpoint, for the error message.
        training (bool): False accepts a checkpoint without auxiliary heads and losses, which a test doesn't use.
            Default: True.

    Raises:
        ConfigError: if a parameter is missing or has another shape, and the model does not convert the checkpoint.
    """
    model, weights = _unwrap(model), model_weights(checkpoint)
    wanted, found = _shapes(get_state_dict(model)), _shapes(weights)
    missing, unexpected, reshaped = compare_shapes(wanted, found)
    if not training:
        missing = [key for key in missing if not is_auxiliary(key)]
    if not (missing or reshaped) or _converts(model, weights):
        return
    faults = [f'{len(missing)} of the {len(wanted)} keys are missing (first {missing[0]})'] if missing else []
    if unexpected:
        faults.append(f'{len(unexpected)} unexpected (first {unexpected[0]})')
    if reshaped:
        key = reshaped[0]
        faults.append(f'{len(reshaped)} of another shape (first {key}: expected {wanted[key]}, got {found[key]})')
    raise ConfigError(f"the checkpoint '{path}' does not fit the config's model: " + ', '.join(faults))


def model_weights(checkpoint: dict) -> dict:
    """Return the state dict of a checkpoint with its keys renamed as in mmengine's ``Runner.load_checkpoint``."""
    return {re.sub(r'^module.', '', key): value for key, value in checkpoint.get('state_dict', checkpoint).items()}


def count_fitting_keys(model: torch.nn.Module, checkpoint: dict) -> tuple[int, int]:
    """Count the entries of the model's state dict that mmengine would load from ``checkpoint``.

    Args:
        model (torch.nn.Module): model to load into, may be wrapped. A model that converts old checkpoints while loading
            them gets the weights if no key fits as it is.
        checkpoint (dict): checkpoint, or state dict.

    Returns:
        tuple[int, int]: number of entries that the checkpoint fills, and number of all entries.
    """
    model, weights = _unwrap(model), model_weights(checkpoint)
    wanted, found = _shapes(get_state_dict(model)), _shapes(weights)
    fitting = sum(found.get(key) == shape for key, shape in wanted.items())
    if not fitting:  # a counter that a module fills by itself doesn't count
        converted = set(wanted) - set(_missing_keys(model, weights, wanted))
        fitting = sum(not key.endswith('num_batches_tracked') for key in converted)
    return fitting, len(wanted)


def _unwrap(model: torch.nn.Module) -> torch.nn.Module:
    """Return the model inside DistributedDataParallel and test-time augmentation."""
    while is_model_wrapper(model) or isinstance(model, BaseTTAModel):
        model = model.module
    return model


def _shapes(state: dict) -> dict:
    """Return the shape of each tensor, and the type's name of each other value, which fits no parameter."""
    return {
        key: tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        for key, value in state.items()
    }


def _converts(model: torch.nn.Module, weights: dict) -> bool:
    """Return True if loading ``weights`` leaves no parameter of ``model`` without a value."""
    missing = _missing_keys(model, weights, ['unloaded'])
    return all(key.endswith('num_batches_tracked') for key in missing)


def _missing_keys(model: torch.nn.Module, weights: dict, if_refused: Iterable[str]) -> Iterable[str]:
    """Load ``weights`` and return the keys that they lack, or ``if_refused`` if the model refuses them."""
    try:
        return model.load_state_dict(weights, strict=False).missing_keys
    except Exception:  # conversions of a model can raise anything on weights that aren't theirs
        return if_refused
