"""Versions and devices that measured numbers depend on."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import torch

HOSTS = ('onedl-mmengine', 'onedl-mmcv', 'mmcv', 'mmcv-lite')


def environment() -> dict[str, object]:
    """Return the torch version, the processor, its vector instructions, the thread count and the GPU of this process.

    Returns:
        A dict with the keys ``torch``, ``cpu``, ``cpu_capability``, ``threads`` and ``gpu``, for JSON. ``gpu`` is None
        if no GPU is available.
    """
    return dict(
        torch=torch.__version__,
        cpu=_processor_name(),
        cpu_capability=torch.backends.cpu.get_cpu_capability(),
        threads=torch.get_num_threads(),
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    )


def stack_versions() -> dict[str, object]:
    """Return the version of the imported mmengine and of Python, those of installed hosts, and :func:`environment`.

    Returns:
        A dict for JSON with the keys ``mmengine`` and ``python``, a key for each distribution of ``HOSTS`` that is
        installed, and the keys of :func:`environment`. If both lines of OpenMMLab packages are installed, ``mmengine``
        tells which of them this process uses.
    """
    import mmengine

    found = {'mmengine': mmengine.__version__, 'python': platform.python_version()}
    for name in HOSTS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found | environment()


def stack_title(versions: Mapping[str, object]) -> str:
    """Return the result of :func:`stack_versions` in words: mmengine's distribution, PyTorch and Python."""
    name = 'onedl-mmengine' if versions.get('onedl-mmengine') == versions['mmengine'] else 'mmengine'
    return f'{name} {versions["mmengine"]}, torch {versions["torch"]}, Python {versions["python"]}'


def _processor_name(cpu_info: Path = Path('/proc/cpuinfo')) -> str:
    """Return the model name of the first core where Linux lists it, otherwise Python's name of the architecture."""
    if cpu_info.exists():
        for line in cpu_info.read_text(encoding='utf-8').splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor()
