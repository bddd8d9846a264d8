"""The public functions of mmgb in plain PyTorch. Nothing here imports an OpenMMLab package."""

from .class_aware_order import class_aware_order, group_by_class
from .errors import ConfigError
from .full_resolution.loss import upsampled_loss
from .full_resolution.strips import loss_in_strips
from .losses.exp_gb import exp_gb_loss
from .losses.mirrored_exp_gb import mirrored_exp_gb_loss
from .losses.pow3_gb import pow3_gb_loss
from .losses.squared_error import squared_error_loss
from .losses.squentropy import squentropy_loss
from .relay.gate import AuxiliaryRange, GradientGate
from .relay.validation import check_ranges
from .spatial_pyramid import spatial_pyramid_pool

__all__ = [
    'AuxiliaryRange',
    'ConfigError',
    'GradientGate',
    'check_ranges',
    'class_aware_order',
    'exp_gb_loss',
    'group_by_class',
    'loss_in_strips',
    'mirrored_exp_gb_loss',
    'pow3_gb_loss',
    'spatial_pyramid_pool',
    'squared_error_loss',
    'squentropy_loss',
    'upsampled_loss',
]
