"""What a config's model costs: OpenMMLab's FLOPs, and parameters.

FLOPs are the multiply-adds of the convolutions and matrix products, for one image, in testing. They are those that
torch's own FlopCounterMode meets, halved, since it counts a multiply-add twice. Auxiliary classifiers take no part in
testing: they count neither here nor among the parameters.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.config import Config
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

AUXILIARIES = ('auxiliaries', 'auxiliary_head')  # RelayBP's, mmsegmentation's


class Complexity(NamedTuple):
    """Multiply-adds, and numbers that training learns."""

    flops: int
    parameters: int


def complexity(model: nn.Module, shape: tuple[int, int, int]) -> Complexity:
    """What one image (C, H, W) costs ``model``, that of a host, in testing."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, *shape), mode='tensor')
    parameters = sum(
        parameter.numel() for name, parameter in model.named_parameters() if name.partition('.')[0] not in AUXILIARIES
    )
    return Complexity(counter.get_total_flops() // 2, parameters)


def input_shape(path: str, cfg: Config) -> tuple[int, int, int] | None:
    """(C, H, W): the size that ends the config's name, and the channels that its preprocessor has means of (or 3);
    None if the name has no size."""
    sizes = re.findall(r'(\d+)x(\d+)', Path(path).stem)
    if not sizes:
        return None
    preprocessor = cfg.model.get('data_preprocessor') or cfg.get('data_preprocessor') or {}
    mean = preprocessor.get('mean')
    return len(mean) if isinstance(mean, (list, tuple)) else 3, int(sizes[-1][0]), int(sizes[-1][1])
