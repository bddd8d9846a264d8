"""The sigmoid that LeCun et al. recommend for hidden units."""

import torch
from torch import Tensor, nn

from mmgb.registry import MODELS

SCALE = 1.7159
SLOPE = 2 / 3


@MODELS.register_module()
class ScaledTanh(nn.Module):
    """``1.7159 * tanh(2x / 3)`` (LeCun et al., *Efficient BackProp*, 1998, Section 4.4).

    f(1) = 1 and f(-1) = -1, where the second derivative is largest; inputs of variance 1 leave with a variance near 1.
    In a config ``act_cfg=dict(type='mmgb.ScaledTanh')``.
    """

    def forward(self, x: Tensor) -> Tensor:
        return SCALE * torch.tanh(SLOPE * x)
