"""Hostile checkpoints: damaged archives, and pickles that would call functions."""

from __future__ import annotations

import builtins
import importlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from mmgb.apis.checkpoint import read_checkpoint

from .campaign import UNCHANGED, WRONG, Attempt
from .damage import with_damaged_bytes

CALLED: list[tuple] = []  # arguments of the calls of leave_trace

# Functions that a malicious pickle may name, with arguments that would leave a trace or reach others.
FUNCTIONS = (
    'builtins.eval',
    'builtins.exec',
    'builtins.getattr',
    'builtins.open',
    'builtins.__import__',
    'os.system',
    'os.remove',
    'subprocess.Popen',
    'importlib.import_module',
    'operator.attrgetter',
    'numpy.load',
    'numpy.fromfile',
    'torch.load',
    'torch.hub.load',
    'mmengine.logging.HistoryBuffer.update',
    'mmengine.config.Config.fromfile',
    'mmgb.hostile_inputs.checkpoints.leave_trace',
)


def damaged_checkpoints(folder: Path) -> Attempt:
    """Damage the bytes of a checkpoint of mmengine. Whatever is accepted must be the intact content."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    content = dict(
        meta=dict(epoch=1, iter=2, seed=0),
        state_dict=model.state_dict(),
        message_hub=dict(log_scalars={'loss': HistoryBuffer([1.0, 2.0], [1, 1])}, runtime_info={}, resumed_keys={}),
        optimizer=dict(state={}, param_groups=[dict(lr=0.1)]),
    )
    file = io.BytesIO()
    torch.save(content, file)
    intact, expected, path = file.getvalue(), comparable(content), folder / 'checkpoint.pth'

    def attempt(rng: np.random.Generator) -> str:
        path.write_bytes(with_damaged_bytes(intact, rng, int(rng.integers(6))))
        return UNCHANGED if comparable(read_checkpoint(str(path), '--resume')) == expected else WRONG

    return attempt


def malicious_checkpoints(folder: Path) -> Attempt:
    """Put calls of functions at random places of a checkpoint. None may be accepted or run."""
    path = folder / 'malicious.pth'

    def attempt(rng: np.random.Generator) -> str:
        CALLED.clear()
        payload: Any = _Payload(FUNCTIONS[int(rng.integers(len(FUNCTIONS)))], _arguments(rng))
        for _ in range(int(rng.integers(4))):
            payload = [[payload], {'key': payload}, (payload, 1)][int(rng.integers(3))]
        content: dict[str, Any] = dict(state_dict=dict(weight=torch.zeros(2)), meta=dict(epoch=1))
        content[['state_dict', 'meta', 'optimizer', 'message_hub', 'hook'][int(rng.integers(5))]] = dict(x=payload)
        torch.save(content, path)
        read_checkpoint(str(path), '--resume')
        return WRONG

    def checked(rng: np.random.Generator) -> str:
        try:
            return attempt(rng)
        finally:
            if CALLED:
                raise AssertionError('a checkpoint has called a function')

    return checked


def leave_trace(*arguments: Any) -> None:
    """Note that a payload was run."""
    CALLED.append(arguments)


def comparable(value: Any) -> Any:
    """Return a checkpoint as nested tuples that ``==`` compares, tensors as their bytes."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), value.numpy().tobytes()
    if isinstance(value, dict):
        return tuple((key, comparable(each)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return type(value).__name__, tuple(map(comparable, value))
    if isinstance(value, HistoryBuffer):
        return tuple(map(float, value._log_history)), tuple(map(float, value._count_history))
    return value


class _Payload:
    """An object whose pickle calls a function when it is read."""

    def __init__(self, function: str, arguments: tuple) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> tuple:
        return _named(self.function), self.arguments


def _named(name: str) -> Any:
    module, *attributes = name.split('.')
    found = builtins if module == 'builtins' else importlib.import_module(module)
    for attribute in attributes:
        module = f'{module}.{attribute}'
        found = getattr(found, attribute) if hasattr(found, attribute) else importlib.import_module(module)
    return found


def _arguments(rng: np.random.Generator) -> tuple:
    choices = [
        ("__import__('mmgb.hostile_inputs.checkpoints').hostile_inputs.checkpoints.leave_trace()",),
        (HistoryBuffer, '__init__'),
        (HistoryBuffer, 'register_statistics'),
        ('echo',),
        (),
        (1, 2),
    ]
    return choices[int(rng.integers(len(choices)))]
