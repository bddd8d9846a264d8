"""The content of a checkpoint that others need: weights, and what a host's inferencer reads."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from mmgb.functional.errors import ConfigError

KEPT = ('state_dict', 'meta')
HASH_DIGITS = 8  # as in the file names of OpenMMLab's model zoos, which torch.hub verifies


def published(checkpoint: dict, drop: Sequence[str] = ()) -> dict:
    """Return a checkpoint without the state of its training.

    Args:
        checkpoint (dict): checkpoint of mmengine.
        drop (Sequence[str]): first parts of parameter names to leave out, such as ``'auxiliaries'``.

    Returns:
        dict: the weights and ``meta`` (config, classes, palette, versions). With mmengine's ``EMAHook`` the weights are
            the averaged ones, which the hook saves as ``state_dict``.

    Raises:
        ConfigError: if the checkpoint has no weights, or none that start with an entry of ``drop``.
    """
    if not isinstance(checkpoint.get('state_dict'), dict):
        raise ConfigError('checkpoint: expected one of mmengine with a state_dict')
    kept = {key: checkpoint[key] for key in KEPT if key in checkpoint}
    weights = kept['state_dict']
    for part in drop:
        if not any(key.startswith(f'{part}.') for key in weights):
            known = ', '.join(dict.fromkeys(key.partition('.')[0] for key in weights))
            raise ConfigError(f'--drop {part}: expected the first part of a parameter name, one of {known}')
    dropped = tuple(f'{part}.' for part in drop)
    return kept | dict(state_dict={key: value for key, value in weights.items() if not key.startswith(dropped)})


def hashed_name(path: Path, content: bytes) -> Path:
    """Return ``path`` with the first digits of the content's SHA-256 hash before the suffix: ``NAME-1a2b3c4d.pth``."""
    return path.with_name(f'{path.stem}-{hashlib.sha256(content).hexdigest()[:HASH_DIGITS]}{path.suffix}')
