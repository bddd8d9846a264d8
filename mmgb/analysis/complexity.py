"""Costs of a config's model: multiply-adds, which OpenMMLab calls FLOPs, and parameters.

Multiply-adds are those of the convolutions and matrix products for one image in testing: half of the count of torch's
FlopCounterMode, which counts multiplications and additions. Auxiliary classifiers aren't used in testing and count
neither here nor among the parameters.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.config import Config
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mmgb.recipes.name import size_in_name
from mmgb.utils.auxiliaries import is_auxiliary


class Complexity(NamedTuple):
    """Costs of a model.

    Attributes:
        flops (int): multiply-adds per image.
        parameters (int): number of learned values.
    """

    flops: int
    parameters: int


def complexity(model: nn.Module, shape: tuple[int, int, int]) -> Complexity:
    """Return the costs of a model of mmpretrain or mmsegmentation in testing.

    Args:
        model (nn.Module): model to measure; it is set to evaluation mode.
        shape (tuple[int, int, int]): shape of an image, (C, H, W).
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, *shape), mode='tensor')
    parameters = sum(parameter.numel() for name, parameter in model.named_parameters() if not is_auxiliary(name))
    return Complexity(counter.get_total_flops() // 2, parameters)


def input_shape(path: str, cfg: Config) -> tuple[int, int, int] | None:
    """Return the shape (C, H, W) of a config's images, or None if the config's name has no size.

    Args:
        path (str): file of the config. Height and width are the last ``224x224`` in its name.
        cfg (Config): content of the config. The number of channels is that of its data preprocessor's ``mean``; without
            a mean it is 3.
    """
    size = size_in_name(Path(path).stem)
    if size is None:
        return None
    preprocessor = cfg.model.get('data_preprocessor') or cfg.get('data_preprocessor') or {}
    mean = preprocessor.get('mean')
    return len(mean) if isinstance(mean, (list, tuple)) else 3, *size
