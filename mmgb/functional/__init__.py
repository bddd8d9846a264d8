"""The ground floor: what mmgb exists for, in plain PyTorch. Nothing here imports an OpenMMLab package."""

from .class_aware_order import class_aware_order, group_by_class
from .losses.gb_loss import exp_gb_loss, pow3_gb_loss
from .relay.gate import AuxiliaryRange, GradientGate
from .spatial_pyramid import spatial_pyramid_pool

__all__ = [
    'AuxiliaryRange',
    'GradientGate',
    'class_aware_order',
    'exp_gb_loss',
    'group_by_class',
    'pow3_gb_loss',
    'spatial_pyramid_pool',
]
