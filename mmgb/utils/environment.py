"""Versions and devices that measured numbers depend on."""

from __future__ import annotations

import platform
from pathlib import Path

import torch


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


def _processor_name(cpu_info: Path = Path('/proc/cpuinfo')) -> str:
    """Return the model name of the first core where Linux lists it, otherwise Python's name of the architecture."""
    if cpu_info.exists():
        for line in cpu_info.read_text(encoding='utf-8').splitlines():
            if line.startswith('model name'):
                return line.partition(':')[2].strip()
    return platform.processor()
