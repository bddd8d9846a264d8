"""Hooks that check a run before its first step, and watch its losses and gradients."""

from .check_class_count_hook import CheckClassCountHook
from .check_crop_size_hook import CheckCropSizeHook
from .check_invalid_loss_hook import CheckInvalidLossHook
from .gradient_stats_hook import GradientStatsHook

__all__ = ['CheckClassCountHook', 'CheckCropSizeHook', 'CheckInvalidLossHook', 'GradientStatsHook']
