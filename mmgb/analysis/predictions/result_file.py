"""Reader of the test results that ``tools/test.py --out FILE.pkl`` wrote; it never runs code from the file."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from mmgb.functional.errors import ConfigError

# Names in a pickle of mmpretrain's data samples: tensors, and numbers and arrays of numpy 1.x and 2.x.
ALLOWED = {
    ('collections', 'OrderedDict'),
    ('torch._utils', '_rebuild_tensor_v2'),
    ('torch', 'Size'),
    ('numpy', 'ndarray'),
    ('numpy', 'dtype'),
}
ALLOWED |= {
    (f'numpy.{package}.{module}', name)
    for package in ('core', '_core')
    for module, name in (('multiarray', '_reconstruct'), ('multiarray', 'scalar'), ('numeric', '_frombuffer'))
}
# Safe replacements of the functions by which old pickle protocols restore tensors and bytes.
REPLACED = {
    ('torch.storage', '_load_from_bytes'): lambda data: torch.load(io.BytesIO(data), weights_only=True),
    ('_codecs', 'encode'): lambda text, encoding: text.encode('latin1'),
}


class _ResultUnpickler(pickle.Unpickler):
    """Unpickler of tensors and numbers that refuses all other classes and functions."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in REPLACED:
            return REPLACED[module, name]
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f'it asks for {module}.{name}')
        return super().find_class(module, name)


def read_samples(path: Path) -> list[dict]:
    """Return the data samples that mmengine's ``DumpResults`` wrote to ``path``, one dict per image.

    Raises:
        FileNotFoundError: if ``path`` isn't a file.
        ConfigError: if it holds anything else, or if reading it could run code.
    """
    if not path.is_file():
        raise FileNotFoundError(f"'{path}' is not a file")
    try:
        with open(path, 'rb') as file:
            samples = _ResultUnpickler(file).load()
    except pickle.UnpicklingError as error:
        raise ConfigError(f"'{path}' can't be read as a test result: {error}") from error
    except (AttributeError, EOFError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ConfigError(f"'{path}': expected a pickled test result, got {type(error).__name__}") from error
    if not isinstance(samples, list) or not samples or not all(isinstance(sample, dict) for sample in samples):
        raise ConfigError(f"'{path}': expected a list of predictions, as tools/test.py --out writes for mmpretrain")
    return samples
