"""The sigmoid recommended by LeCun et al. for hidden units."""

import torch
from torch import Tensor, nn

from mmgb.registry import MODELS

SCALE = 1.7159
SLOPE = 2 / 3


@MODELS.register_module()
class ScaledTanh(nn.Module):
    r"""Scaled hyperbolic tangent.

    .. math::
        f(x) = 1.7159 \tanh(2x / 3)

    Source: LeCun et al., *Efficient BackProp*, 1998, Section 4.4. The constants give f(1) = 1 and f(-1) = -1, the
    points of largest second derivative, and inputs of variance 1 give outputs of variance near 1.

    Use it in a config as ``act_cfg=dict(type='mmgb.ScaledTanh')``.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Apply the activation elementwise to a tensor of any shape."""
        return SCALE * torch.tanh(SLOPE * x)
