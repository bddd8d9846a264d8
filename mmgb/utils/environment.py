"""What measured numbers depend on."""

import platform
from pathlib import Path

import torch


def environment() -> dict[str, object]:
    """Versions and devices of this process. ``gpu`` is None where there is none at hand."""
    processor = platform.processor()
    if Path('/proc/cpuinfo').exists():
        models = [
            line.partition(':')[2].strip()
            for line in Path('/proc/cpuinfo').read_text().splitlines()
            if line.startswith('model name')
        ]
        processor = models[0] if models else processor
    return dict(
        torch=torch.__version__,
        cpu=processor,
        cpu_capability=torch.backends.cpu.get_cpu_capability(),
        threads=torch.get_num_threads(),
        gpu=torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    )
